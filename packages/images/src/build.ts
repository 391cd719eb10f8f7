import { mkdir } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { messageOf } from '@crownlabs/std';
import { type BootstrapOptions, bootstrap, buildFailure } from './bootstrap.ts';
import { diskArchive } from './disk-build.ts';
import type { Recipe } from './recipe.ts';

/** What an image says of itself beside its files. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `uid:gid` */
  readonly user: string;
}

/** Where finished images go. The container engine's side offers it. */
export interface ImageStore {
  /** Labels of a local image, or undefined when there is none. */
  labels(reference: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Makes an image of one layer out of an uncompressed tar stream. */
  importImage(tar: Readable, image: { reference: string; config: ImageConfig }, signal: AbortSignal): Promise<void>;
}

/** Label under which an image carries the digest of its recipe. */
export const RECIPE_LABEL = 'crownlabs.polito.it/recipe';

/** How a build runs. */
export interface BuildOptions extends BootstrapOptions {
  readonly store: ImageStore;
}

/** Whether the local image is the one that the recipe makes today. */
export async function isUpToDate(recipe: Recipe, store: ImageStore): Promise<boolean> {
  const labels = await store.labels(recipe.reference);
  return labels?.[RECIPE_LABEL] === recipe.digest;
}

/**
 * Builds the recipe's image from Debian packages and puts it into the store. Needs root and `mmdebstrap`.
 * Fails with the last lines of the build's output in the message.
 */
export async function buildImage(recipe: Recipe, options: BuildOptions): Promise<void> {
  await mkdir(options.cacheDir, { recursive: true });
  if (recipe.disk) return buildDisk(recipe, options);
  const { tar, done } = bootstrap(recipe, '-', options);
  await stored(recipe, { tar, done }, options);
}

async function buildDisk(recipe: Recipe, options: BuildOptions): Promise<void> {
  await using archive = await diskArchive(recipe, options);
  await stored(recipe, archive, options);
}

/** What makes the archive says better what was wrong with it than who reads it. */
async function stored(
  recipe: Recipe,
  { tar, done }: { tar: Readable; done: Promise<void> },
  { store, signal }: BuildOptions,
): Promise<void> {
  const imported = store.importImage(tar, { reference: recipe.reference, config: configOf(recipe) }, signal);
  const [made, kept] = await Promise.allSettled([done, imported]);
  if (made.status === 'rejected') throw made.reason;
  if (kept.status === 'rejected') throw buildFailure(recipe, messageOf(kept.reason), kept.reason);
}

function configOf(recipe: Recipe): ImageConfig {
  return { entrypoint: recipe.entrypoint, env: recipe.env, user: '1010:1010', labels: { [RECIPE_LABEL]: recipe.digest } };
}
