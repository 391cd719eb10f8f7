import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';
import { LabError, messageOf } from '@crownlabs/std';
import { type BuildProgress, progressReader } from './progress.ts';
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
export interface BuildOptions {
  readonly store: ImageStore;
  /** Keeps fetched packages between builds, so that the second image costs half. */
  readonly cacheDir: string;
  readonly onProgress: (progress: BuildProgress) => void;
  /** Every line the build prints. */
  readonly onLine?: (line: string) => void;
  readonly signal: AbortSignal;
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
  const child = spawn('mmdebstrap', mmdebstrapArguments(recipe), {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: options.signal,
    env: hookEnvironment(recipe, options.cacheDir),
  });
  const tail: string[] = [];
  const read = progressReader();
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail.push(line);
    if (tail.length > 12) tail.shift();
    options.onLine?.(line);
    options.onProgress(read(line));
  });
  const exited = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const tar = wholeStream(child.stdout, exited);
  const imported = options.store.importImage(tar, { reference: recipe.reference, config: configOf(recipe) }, options.signal);
  const [exit, stored] = await Promise.allSettled([exited, imported]);
  if (exit.status === 'rejected') throw buildFailure(recipe, messageOf(exit.reason), exit.reason);
  if (exit.value !== 0) throw buildFailure(recipe, tail.map((line) => line.slice(0, 300)).join('\n'));
  if (stored.status === 'rejected') throw buildFailure(recipe, messageOf(stored.reason), stored.reason);
}

/** The stream ends only after its process ended well: half an archive must never become an image. */
function wholeStream(source: Readable, exited: Promise<number | null>): Readable {
  const whole = new PassThrough({ highWaterMark: 1 << 20 });
  source.pipe(whole, { end: false });
  exited.then(
    (code) => (code === 0 ? whole.end() : whole.destroy(new LabError('InternalError', `mmdebstrap ended with ${code}`))),
    (error: Error) => whole.destroy(error),
  );
  return whole;
}

function buildFailure(recipe: Recipe, why: string, cause?: unknown): LabError {
  const hint = why.includes('ENOENT') ? 'mmdebstrap is not installed: apt-get install mmdebstrap' : why;
  return new LabError('InternalError', `The image ${recipe.reference} could not be built: ${hint}`, { cause });
}

function configOf(recipe: Recipe): ImageConfig {
  return { entrypoint: recipe.entrypoint, env: recipe.env, user: '1010:1010', labels: { [RECIPE_LABEL]: recipe.digest } };
}

// Hooks are shell texts; whatever varies reaches them through the environment, so that no path is ever read as code.
const KEEP_PACKAGES = [
  '--setup-hook=mkdir -p "$1/var/cache/apt/archives" && cp -l "$CROWNLABS_CACHE"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || cp "$CROWNLABS_CACHE"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || true',
  '--customize-hook=cp -n "$1"/var/cache/apt/archives/*.deb "$CROWNLABS_CACHE/" 2>/dev/null || true',
];

/** The command line of a build. Documentation is left out; licences stay, as Debian asks. */
export function mmdebstrapArguments(recipe: Recipe): string[] {
  const excluded = ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', ...recipe.exclude];
  const included = ['/usr/share/doc/*/copyright', '/usr/share/locale/locale.alias', '/usr/share/locale/en*', '/usr/share/locale/it*'];
  return [
    '--verbose',
    '--variant=minbase',
    '--format=tar',
    // usr-is-merged instead of usrmerge, which brings all of Perl into the base.
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    `--include=${['usr-is-merged', ...recipe.packages].join(',')}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Check-Valid-Until "false"',
    '--aptopt=Acquire::Languages "none"',
    '--dpkgopt=force-unsafe-io',
    ...excluded.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...included.map((path) => `--dpkgopt=path-include=${path}`),
    '--skip=cleanup/apt/cache',
    '--skip=download/empty',
    ...KEEP_PACKAGES,
    ...recipe.overlays.map(
      (_, index) => `--customize-hook=tar -C "$CROWNLABS_OVERLAY_${index}" --owner=0 --group=0 -c . | tar -C "$1" -x --no-overwrite-dir`,
    ),
    ...recipe.scripts.map((_, index) => `--customize-hook=chroot "$1" /bin/sh <"$CROWNLABS_SCRIPT_${index}"`),
    recipe.suite,
    '-',
  ];
}

function hookEnvironment(recipe: Recipe, cacheDir: string): Record<string, string> {
  const overlays = recipe.overlays.map((path, index) => [`CROWNLABS_OVERLAY_${index}`, path]);
  const scripts = recipe.scripts.map((path, index) => [`CROWNLABS_SCRIPT_${index}`, path]);
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    CROWNLABS_CACHE: cacheDir,
    ...Object.fromEntries([...overlays, ...scripts]),
  };
}
