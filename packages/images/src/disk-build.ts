import { mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { type BootstrapOptions, bootstrap, buildFailure } from './bootstrap.ts';
import { archiveOf } from './disk-archive.ts';
import { bootSector, PARTITION_START } from './partition-table.ts';
import { runProgram } from './program.ts';
import type { Recipe } from './recipe.ts';

/** The disk of a machine as an image's archive. Its files go when it is disposed of. */
export interface DiskArchive extends AsyncDisposable {
  readonly tar: Readable;
  readonly done: Promise<void>;
}

const WORK = 'disk-';

/** Makes the system of a recipe, and a disk that boots it: no loop device, no mount, no emulator. */
export async function diskArchive(recipe: Recipe, options: BootstrapOptions): Promise<DiskArchive> {
  await forgetBroken(options.cacheDir);
  const work = await mkdtemp(join(options.cacheDir, WORK));
  const tidy = () => rm(work, { recursive: true, force: true });
  try {
    const tree = join(work, 'tree');
    const { tar, done } = bootstrap(recipe, tree, {
      ...options,
      onProgress: ({ step, percent }) => options.onProgress({ step, percent: Math.round(percent * 0.8) }),
    });
    tar.resume().on('error', () => undefined);
    await done;
    await rm(join(tree, 'var/cache/apt/archives'), { recursive: true, force: true });
    const disk = await diskOf({ recipe, tree, work }, options);
    options.onProgress({ step: 'Storing the image', percent: 97 });
    const archive = archiveOf(disk, options.signal);
    return { ...archive, [Symbol.asyncDispose]: tidy };
  } catch (error) {
    await tidy();
    throw error;
  }
}

/** What a build that was killed left behind. Builds have turns, so nobody else's is there. */
async function forgetBroken(cacheDir: string): Promise<void> {
  const left = (await readdir(cacheDir)).filter((name) => name.startsWith(WORK));
  await Promise.all(left.map((name) => rm(join(cacheDir, name), { recursive: true, force: true })));
}

interface DiskParts {
  readonly recipe: Recipe;
  readonly tree: string;
  readonly work: string;
}

async function diskOf({ recipe, tree, work }: DiskParts, { onProgress, onLine, signal }: BootstrapOptions): Promise<string> {
  const bytes = bytesOf(recipe);
  const raw = join(work, 'disk.raw');
  const tell = { signal, ...(onLine ? { onLine } : {}) };
  onProgress({ step: 'Writing the file system', percent: 82 });
  await (await open(raw, 'w')).close();
  const offset = `offset=${PARTITION_START},root_owner=0:0,lazy_itable_init=0,nodiscard`;
  const blocks = String((bytes - PARTITION_START) / 4096);
  const made = runProgram('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '4096', '-L', 'root', '-d', tree, '-E', offset, raw, blocks], tell);
  await made.catch((error: unknown) => {
    throw buildFailure(recipe, `the file system could not be written; does all fit into ${recipe.disk?.size}? ${String(error)}`, error);
  });
  await writeLoader(raw, tree, bytes);
  await rm(tree, { recursive: true, force: true });
  onProgress({ step: 'Compressing the disk', percent: 88 });
  const disk = join(work, 'disk.qcow2');
  await runProgram('qemu-img', ['convert', '-c', '-O', 'qcow2', '-o', 'compression_type=zstd', raw, disk], tell);
  await rm(raw);
  return disk;
}

function bytesOf({ disk, reference }: Recipe): number {
  const size = /^(\d+)Gi$/.exec(disk?.size ?? '')?.[1];
  if (size === undefined) throw new LabError('Invalid', `${reference} is no disk`);
  return Number(size) * 2 ** 30;
}

/** The loader's second part fills the room between the first sector and the partition. */
async function writeLoader(raw: string, tree: string, bytes: number): Promise<void> {
  const [first, second] = await Promise.all(['boot.img', 'core.img'].map((name) => readFile(join(tree, 'boot/grub', name))));
  if (!first || !second || second.length > PARTITION_START - 512) throw new LabError('InternalError', 'The boot loader does not fit.');
  const file = await open(raw, 'r+');
  try {
    await file.write(bootSector(first, bytes), 0, 512, 0);
    await file.write(second, 0, second.length, 512);
    if ((await stat(raw)).size < bytes) await file.truncate(bytes);
  } finally {
    await file.close();
  }
}
