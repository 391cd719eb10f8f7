import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BuildOptions,
  type ImageStore as BuildStore,
  buildImage,
  importDisk,
  inTurn,
  isUpToDate,
  loadCourseRecipe,
  loadRecipes,
  type Recipe,
} from '@crownlabs/images';
import type { ImageStore } from '@crownlabs/runtime';
import { openImageStore, requireEngine } from '@crownlabs/runtime-oci';
import { buildStore, hasProgram, IMAGE_PACKAGES, imageLock, installDiskPrograms, installPackages } from '@crownlabs/server';
import { LabError, systemClock } from '@crownlabs/std';
import { withEngine } from '../command-engine.ts';
import { type Places, ROOT } from '../places.ts';
import { printRows } from '../print-table.ts';
import { say, step } from '../terminal.ts';

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

/** How images are built. */
export interface BuildFlags {
  /** Only those that are not up to date. */
  readonly missing?: boolean;
  /** Everything that the build prints is printed. */
  readonly verbose?: boolean;
}

/** Builds images anew, whether they are up to date or not. A name that ends in `.yaml` is the file of a teacher's own recipe. */
export async function buildImages(places: Places, names: readonly string[], flags: BuildFlags = {}): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'crownlabs-recipe-'));
  try {
    const known = await recipes();
    const wanted =
      names.length === 0
        ? known.filter(({ feature }) => feature === undefined)
        : await Promise.all(names.map((name) => chosen(known, name, work)));
    await ensureTools(wanted);
    await withImages(places, async (images) => {
      const store = buildStore(images);
      for (const recipe of wanted) await buildOne(recipe, { places, store, flags });
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function ensureTools(wanted: readonly Recipe[]): Promise<void> {
  if (!(await hasProgram('mmdebstrap'))) await step('Installing what builds images', (update) => installPackages(IMAGE_PACKAGES, update));
  if (wanted.some(({ disk }) => disk !== undefined)) await step('Looking for what makes disks', installDiskPrograms);
}

/** What a disk that somebody else made is to become. */
export interface ImportFlags {
  readonly name: string;
  readonly tag: string;
  readonly checksum?: string;
}

/** Makes another's disk image, a file or a URL, one that machines start from. */
export async function importImage(places: Places, source: string, { name, tag, checksum }: ImportFlags): Promise<void> {
  const reference = `crownlabs/${name}:${tag}`;
  if (!/^[a-z][a-z0-9-]{0,38}:\w[\w.-]{0,30}$/.test(`${name}:${tag}`))
    throw new LabError('Invalid', `"${name}:${tag}" is no name for an image.`);
  await step('Looking for what makes disks', installDiskPrograms);
  await withImages(places, (images) =>
    step(`Importing ${reference}`, (update) =>
      importDisk(
        { source, reference, ...(checksum === undefined ? {} : { checksum }) },
        {
          store: buildStore(images),
          workDir: join(places.dataDir, 'packages'),
          clock: systemClock,
          onProgress: ({ step: doing, percent }) => update(`${percent} % ${doing}`),
          signal: new AbortController().signal,
        },
      ),
    ),
  );
}

interface BuildPlace {
  readonly places: Places;
  readonly store: BuildStore;
  readonly flags: BuildFlags;
}

async function buildOne(recipe: Recipe, { places, store, flags: { missing = false, verbose = false } }: BuildPlace): Promise<void> {
  if (missing && (await isUpToDate(recipe, store))) return;
  const { signal } = new AbortController();
  await step(`Building ${recipe.reference}`, (update) => {
    const onWait = () => update('another installation on this machine is making images');
    const onProgress: BuildOptions['onProgress'] = ({ step: doing, percent }) => update(`${percent} % ${doing}`);
    return inTurn({ lockFile: imageLock(places.dataDir), clock: systemClock, signal, onWait }, async () => {
      if (missing && (await isUpToDate(recipe, store))) return;
      const cacheDir = join(places.dataDir, 'packages');
      await buildImage(recipe, { store, cacheDir, onProgress, signal, ...(verbose ? { onLine: say } : {}) });
    });
  });
}

function recipes(): Promise<Recipe[]> {
  return loadRecipes(join(ROOT, 'images'));
}

async function chosen(known: readonly Recipe[], name: string, work: string): Promise<Recipe> {
  if (/\.ya?ml$/.test(name)) return loadCourseRecipe({ path: name, recipes: join(ROOT, 'images'), work });
  const recipe = known.find((one) => one.name === name);
  if (!recipe) throw new LabError('NotFound', `There is no recipe ${name}. There are: ${known.map((one) => one.name).join(', ')}.`);
  return recipe;
}

function withImages(places: Places, work: (images: ImageStore) => Promise<void>): Promise<void> {
  return withEngine(places, { proveAnew: false }, (started) => work(openImageStore(requireEngine(started))));
}
