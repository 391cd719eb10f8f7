export { type BuildOptions, buildImage, type ImageConfig, type ImageStore, isUpToDate, RECIPE_LABEL } from './build.ts';
export { inTurn } from './build-turn.ts';
export type { BuildProgress } from './progress.ts';
export { loadRecipes, parseRecipe, type Recipe } from './recipe.ts';
