import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { LabError } from '@crownlabs/std';
import type { z } from 'zod';
import { parseRecipe, type RecipeFile } from './recipe-file.ts';

/** A recipe with everything that decides what its image becomes. */
export interface Recipe extends Omit<z.infer<typeof RecipeFile>, 'base' | 'shares'> {
  /** `crownlabs/<name>:<version>`, as Templates name it. */
  readonly reference: string;
  /** Files copied into the image, in order: what it is built upon, then the recipe's own. */
  readonly overlays: readonly string[];
  /** Scripts run inside the image, in order, after the packages and files are there. */
  readonly scripts: readonly string[];
  /** Changes whenever the recipe, a file or a script does: an image that carries it is up to date. */
  readonly digest: string;
}

/** What every environment image is built upon; a machine has `machine` instead. */
const COMMON = ['common', 'machine'];

/** Reads every recipe below `directory` (one folder each, beside what they share). A broken one is an error that names the file and the key. */
export async function loadRecipes(directory: string): Promise<Recipe[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !COMMON.includes(entry.name)).map((entry) => entry.name);
  return Promise.all(names.toSorted().map(async (name) => resolved(await linesOf(directory, name), directory)));
}

/** A recipe and what it is built upon, the lowest last. */
export interface Layer {
  /** Holds `files/` and `setup.sh`, where there are any. */
  readonly folder: string;
  readonly file: z.infer<typeof RecipeFile>;
}

/** The recipe in `folder` and those that it is built upon. */
export async function linesOf(directory: string, folder: string, above: readonly string[] = []): Promise<Layer[]> {
  const path = join(directory, folder, 'recipe.yaml');
  const file = parseRecipe(await readFile(path, 'utf8'), path);
  if (file.base === undefined) return [{ folder: join(directory, folder), file }];
  if ([folder, ...above].includes(file.base)) throw new LabError('Invalid', `${path}: base: ${file.base} is built upon this recipe`);
  return [{ folder: join(directory, folder), file }, ...(await linesOf(directory, file.base, [folder, ...above]))];
}

/** One recipe out of a recipe and those that it is built upon: packages and files of all, and what is said highest of the rest. */
export async function resolved(layers: readonly Layer[], directory: string): Promise<Recipe> {
  const [top, ...below] = layers;
  const lowest = layers.at(-1);
  if (!top || !lowest) throw new LabError('Invalid', 'A recipe is needed.');
  const { base: _base, shares: _shares, ...file } = top.file;
  const disk = layers.find((layer) => layer.file.disk)?.file.disk;
  const feature = layers.find((layer) => layer.file.feature)?.file.feature;
  const ground = join(directory, disk ? 'machine' : 'common');
  const shared = layers.toReversed().flatMap((layer) => [...layer.file.shares.map((name) => join(directory, name)), layer.folder]);
  const files = (await Promise.all([ground, ...shared].map(filesBelow))).flat();
  const own = layers.toReversed().map(({ folder }) => folder);
  const onDemand = layers.find((layer) => layer.file.onDemand)?.file.onDemand;
  return {
    ...file,
    ...(disk ? { disk } : {}),
    ...(feature ? { feature } : {}),
    ...(onDemand ? { onDemand } : {}),
    needs: [...new Set(layers.flatMap((layer) => layer.file.needs))],
    packages: [...new Set(layers.flatMap((layer) => layer.file.packages))],
    exclude: [...new Set(layers.flatMap((layer) => layer.file.exclude))],
    entrypoint: file.entrypoint.length > 0 ? file.entrypoint : lowest.file.entrypoint,
    env: Object.assign({}, ...[...below.toReversed(), top].map((layer) => layer.file.env)),
    reference: `crownlabs/${file.name}:${file.version}`,
    overlays: [ground, ...shared].map((part) => join(part, 'files')).filter((overlay) => files.some((it) => it.startsWith(`${overlay}/`))),
    // What all share comes last: it ends with the clean-up.
    scripts: [...own, ground].map((part) => join(part, 'setup.sh')).filter((script) => files.includes(script)),
    digest: await digestOf(files, [directory, dirname(top.folder)], disk),
  };
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
}

/** Raised when disks come out otherwise for the same recipe. */
const DISK_FORMAT = 1;

/** Files count by their place below their recipe's folder, wherever that is. */
async function digestOf(paths: readonly string[], roots: readonly string[], disk: Recipe['disk']): Promise<string> {
  const hash = createHash('sha256');
  if (disk) hash.update(`${DISK_FORMAT} ${disk.size}\0`);
  const named = paths.map((path) => ({ path, name: relative(roots.find((it) => path.startsWith(`${it}/`)) ?? '', path) }));
  for (const { path, name } of named.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    hash
      .update(`${name}\0`)
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
