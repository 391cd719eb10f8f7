import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';
import { LabError, messageOf } from '@crownlabs/std';
import { type BuildProgress, progressReader } from './progress.ts';
import type { Recipe } from './recipe.ts';

/** How a system is made out of packages. */
export interface BootstrapOptions {
  /** Keeps fetched packages between builds, so that the second image costs half. */
  readonly cacheDir: string;
  readonly onProgress: (progress: BuildProgress) => void;
  /** Every line the build prints. */
  readonly onLine?: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A system on its way. */
export interface Bootstrap {
  /** The archive of its files; it ends only after all went well, because half an archive must never become an image. */
  readonly tar: Readable;
  /** Resolves when all went well; fails with the last lines of what was printed. */
  readonly done: Promise<void>;
}

/** Makes the recipe's system: into `target`, or as an archive where that is `-`. Needs root and `mmdebstrap`. */
export function bootstrap(recipe: Recipe, target: string, options: BootstrapOptions): Bootstrap {
  const child = spawn('mmdebstrap', mmdebstrapArguments(recipe, target), {
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
  const done = exited.then(
    (code) => {
      if (code !== 0) throw buildFailure(recipe, tail.map((line) => line.slice(0, 300)).join('\n'));
    },
    (error: unknown) => {
      throw buildFailure(recipe, messageOf(error), error);
    },
  );
  return { tar: wholeStream(child.stdout, exited), done };
}

function wholeStream(source: Readable, exited: Promise<number | null>): Readable {
  const whole = new PassThrough({ highWaterMark: 1 << 20 });
  source.pipe(whole, { end: false });
  exited.then(
    (code) => (code === 0 ? whole.end() : whole.destroy(new LabError('InternalError', `mmdebstrap ended with ${code}`))),
    (error: Error) => whole.destroy(error),
  );
  return whole;
}

/** Why an image could not be made, in words for people. */
export function buildFailure({ reference }: Pick<Recipe, 'reference'>, why: string, cause?: unknown): LabError {
  const hint = why.includes('ENOENT') ? 'mmdebstrap is not installed: apt-get install mmdebstrap' : why;
  return new LabError('InternalError', `The image ${reference} could not be built: ${hint}`, { cause });
}

// Hooks are shell texts; whatever varies reaches them through the environment, so that no path is ever read as code.
const KEEP_PACKAGES = [
  '--setup-hook=mkdir -p "$1/var/cache/apt/archives" && cp -l "$CROWNLABS_CACHE"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || cp "$CROWNLABS_CACHE"/*.deb "$1/var/cache/apt/archives/" 2>/dev/null || true',
  '--customize-hook=cp -n "$1"/var/cache/apt/archives/*.deb "$CROWNLABS_CACHE/" 2>/dev/null || true',
];

// The kernel's first file system is made when its package is set up; ours makes it again, so the first one is left as small as it can be.
const DISK_HOOKS = [
  '--essential-hook=mkdir -p "$1/etc/initramfs-tools/conf.d" && printf "MODULES=list\\n" >"$1/etc/initramfs-tools/conf.d/crownlabs"',
];

/** The command line of a build. Documentation is left out; licences stay, as Debian asks. */
export function mmdebstrapArguments(recipe: Recipe, target: string): string[] {
  const excluded = ['/usr/share/doc/*', '/usr/share/info/*', '/usr/share/locale/*', ...recipe.exclude];
  const included = ['/usr/share/doc/*/copyright', '/usr/share/locale/locale.alias', '/usr/share/locale/en*', '/usr/share/locale/it*'];
  return [
    '--verbose',
    '--variant=minbase',
    `--format=${target === '-' ? 'tar' : 'directory'}`,
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
    ...(recipe.disk ? DISK_HOOKS : []),
    ...recipe.overlays.map(
      (_, index) => `--customize-hook=tar -C "$CROWNLABS_OVERLAY_${index}" --owner=0 --group=0 -c . | tar -C "$1" -x --no-overwrite-dir`,
    ),
    ...recipe.scripts.map((_, index) => `--customize-hook=chroot "$1" /bin/sh <"$CROWNLABS_SCRIPT_${index}"`),
    recipe.suite,
    target,
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
