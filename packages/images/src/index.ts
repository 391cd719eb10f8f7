export { type BuildOptions, buildImage, type ImageConfig, type ImageStore, isUpToDate, RECIPE_LABEL } from './build.ts';
export { inTurn } from './build-turn.ts';
export { type CourseRecipePlaces, loadCourseRecipe } from './course-recipe.ts';
export { type DiskImport, type ImportOptions, importDisk } from './import-disk.ts';
export type { BuildProgress } from './progress.ts';
export { loadRecipes, type Recipe } from './recipe.ts';
