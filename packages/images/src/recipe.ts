import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { LabError, messageOf } from '@crownlabs/std';
import { parse } from 'yaml';
import { z } from 'zod';

const debianPackage = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, 'not the name of a Debian package');
const pathPattern = z.string().regex(/^\/[\w./*+-]*$/, 'not an absolute path pattern');

/** What a `recipe.yaml` says: an environment image, made from Debian packages. */
const RecipeFile = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,38}$/),
  version: z.string().regex(/^[\w][\w.-]{0,30}$/),
  title: z.string().min(1),
  description: z.string().min(1),
  suite: z.string().default('bookworm'),
  feature: z.enum(['virtualMachines']).optional(),
  packages: z.array(debianPackage).min(1),
  exclude: z.array(pathPattern).default([]),
  entrypoint: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).default({}),
});

/** A recipe with everything that decides what its image becomes. */
export interface Recipe extends z.infer<typeof RecipeFile> {
  /** `crownlabs/<name>:<version>`, as Templates name it. */
  readonly reference: string;
  /** Files copied into the image, in order: what all images share, then the recipe's own. */
  readonly overlays: readonly string[];
  /** Scripts run inside the image, in order, after the packages and files are there. */
  readonly scripts: readonly string[];
  /** Changes whenever the recipe, a file or a script does: an image that carries it is up to date. */
  readonly digest: string;
}

/** Reads every recipe below `directory` (one folder each, beside `common/`). A broken one is an error that names the file and the key. */
export async function loadRecipes(directory: string): Promise<Recipe[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name !== 'common').map((entry) => entry.name);
  return Promise.all(names.toSorted().map((name) => loadRecipe(directory, name)));
}

async function loadRecipe(directory: string, folder: string): Promise<Recipe> {
  const path = join(directory, folder, 'recipe.yaml');
  const file = parseRecipe(await readFile(path, 'utf8'), path);
  const parts = [join(directory, 'common'), join(directory, folder)];
  const inputs = (await Promise.all(parts.map(filesBelow))).flat();
  return {
    ...file,
    reference: `crownlabs/${file.name}:${file.version}`,
    overlays: parts.map((part) => join(part, 'files')).filter((overlay) => inputs.some((input) => input.startsWith(`${overlay}/`))),
    // The recipe's own first: what all share ends with the clean-up.
    scripts: parts
      .toReversed()
      .map((part) => join(part, 'setup.sh'))
      .filter((script) => inputs.includes(script)),
    digest: await digestOf(directory, inputs),
  };
}

/** Parses the text of a recipe; `path` is for the message. */
export function parseRecipe(text: string, path: string): z.infer<typeof RecipeFile> {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new LabError('Invalid', `${path} is not YAML: ${messageOf(error)}`, { cause: error });
  }
  const result = RecipeFile.safeParse(data);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'recipe'}: ${issue.message}`);
  throw new LabError('Invalid', `${path}: ${problems.join('; ')}`);
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
}

async function digestOf(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths.toSorted()) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
