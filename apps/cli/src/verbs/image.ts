import { join } from 'node:path';
import {
  type BuildOptions,
  type ImageStore as BuildStore,
  buildImage,
  inTurn,
  isUpToDate,
  loadRecipes,
  type Recipe,
} from '@crownlabs/images';
import type { ImageStore } from '@crownlabs/runtime';
import { openImageStore, requireEngine } from '@crownlabs/runtime-oci';
import { buildStore, imageLock } from '@crownlabs/server';
import { LabError, systemClock } from '@crownlabs/std';
import { withEngine } from '../command-engine.ts';
import { type Places, ROOT } from '../places.ts';
import { printRows } from '../print-table.ts';
import { hasProgram, installPackages } from '../setup/debian-packages.ts';
import { IMAGE_PACKAGES } from '../setup/needed-packages.ts';
import { step } from '../terminal.ts';

/** Prints the recipes and what became of them. */
export async function listImages(places: Places, format: string): Promise<void> {
  await withImages(places, async (images) => {
    const rows = await Promise.all((await recipes()).map((recipe) => row(recipe, images)));
    printRows(rows, format);
  });
}

async function row(recipe: Recipe, images: ImageStore) {
  const [found, fresh] = await Promise.all([images.find(recipe.reference), isUpToDate(recipe, buildStore(images))]);
  const state = found ? (fresh ? 'up to date' : 'outdated') : 'not built';
  return {
    recipe: recipe.name,
    image: recipe.reference,
    state,
    sizeMB: found ? Math.round(found.sizeBytes / 1e6) : undefined,
    description: recipe.description,
  };
}

/** Builds images anew, whether they are up to date or not; with `missing`, only those that are not. */
export async function buildImages(places: Places, names: readonly string[], { missing = false } = {}): Promise<void> {
  const known = await recipes();
  const wanted = names.length === 0 ? known.filter(({ feature }) => feature === undefined) : names.map((name) => chosen(known, name));
  if (!(await hasProgram('mmdebstrap'))) await step('Installing what builds images', (update) => installPackages(IMAGE_PACKAGES, update));
  await withImages(places, async (images) => {
    const store = buildStore(images);
    for (const recipe of wanted) {
      if (missing && (await isUpToDate(recipe, store))) continue;
      await step(`Building ${recipe.reference}`, (update) => build(recipe, { places, store, missing, update }));
    }
  });
}

async function build(
  recipe: Recipe,
  { places, store, missing, update }: { places: Places; store: BuildStore; missing: boolean; update: (detail: string) => void },
): Promise<void> {
  const { signal } = new AbortController();
  const onWait = () => update('another installation on this machine is making images');
  const onProgress: BuildOptions['onProgress'] = ({ step: doing, percent }) => update(`${percent} % ${doing}`);
  await inTurn({ lockFile: imageLock(places.dataDir), clock: systemClock, signal, onWait }, async () => {
    if (missing && (await isUpToDate(recipe, store))) return;
    await buildImage(recipe, { store, cacheDir: join(places.dataDir, 'packages'), onProgress, signal });
  });
}

function recipes(): Promise<Recipe[]> {
  return loadRecipes(join(ROOT, 'images'));
}

function chosen(known: readonly Recipe[], name: string): Recipe {
  const recipe = known.find((one) => one.name === name);
  if (!recipe) throw new LabError('NotFound', `There is no recipe ${name}. There are: ${known.map((one) => one.name).join(', ')}.`);
  return recipe;
}

function withImages(places: Places, work: (images: ImageStore) => Promise<void>): Promise<void> {
  return withEngine(places, { proveAnew: false }, (started) => work(openImageStore(requireEngine(started))));
}
