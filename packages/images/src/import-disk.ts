import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, LabError } from '@crownlabs/std';
import { z } from 'zod';
import type { ImageStore } from './build.ts';
import { archiveOf } from './disk-archive.ts';
import { download } from './download.ts';
import { runProgram } from './program.ts';
import type { BuildProgress } from './progress.ts';

/** A disk that somebody else made. */
export interface DiskImport {
  /** A path, or a URL. */
  readonly source: string;
  /** The image that it becomes: `crownlabs/<name>:<version>`. */
  readonly reference: string;
  readonly checksum?: string;
}

/** How an import runs. */
export interface ImportOptions {
  readonly store: ImageStore;
  /** For files on their way; what is left there afterwards is nothing. */
  readonly workDir: string;
  readonly clock: Clock;
  readonly onProgress: (progress: BuildProgress) => void;
  readonly signal: AbortSignal;
}

const FETCHED = 50;
const CONVERTED = 95;

/** Makes a disk image of another's (qcow2, raw, VMDK, VDI, VHD, an OVA, a bootable ISO) one that machines start from. Needs `qemu-img`. */
export async function importDisk(wanted: DiskImport, options: ImportOptions): Promise<void> {
  await mkdir(options.workDir, { recursive: true });
  const work = await mkdtemp(join(options.workDir, 'import-'));
  try {
    const file = await fetched(wanted, work, options);
    const disk = await converted(await unpacked(file, work, options), work, options);
    options.onProgress({ step: 'Storing the image', percent: CONVERTED });
    const { tar, done } = archiveOf(disk, options.signal);
    const config = { entrypoint: [], env: {}, labels: {}, user: '1010:1010' };
    await Promise.all([options.store.importImage(tar, { reference: wanted.reference, config }, options.signal), done]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetched({ source, checksum }: DiskImport, work: string, { clock, signal, onProgress }: ImportOptions): Promise<string> {
  if (!/^https?:\/\//.test(source)) return source;
  const file = join(work, 'fetched');
  const onBytes = (have: number, total: number | undefined) => {
    const percent = total === undefined ? 1 : Math.floor((have / total) * FETCHED);
    onProgress({ step: `Fetching the disk: ${megabytes(have)}${total === undefined ? '' : ` of ${megabytes(total)}`} MB`, percent });
  };
  await download({ url: source, file, clock, signal, onBytes, ...(checksum === undefined ? {} : { checksum }) });
  return file;
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** An OVA is an archive of a description and a disk. */
async function unpacked(file: string, work: string, { signal }: ImportOptions): Promise<string> {
  if (!(await isTar(file))) return file;
  const names = (await runProgram('tar', ['-tf', file], { signal })).split('\n');
  const disks = names.filter((name) => /^[\w][\w .()-]*\.(vmdk|vhd|vdi|qcow2|img|raw)$/i.test(name));
  const [disk] = disks;
  if (disk === undefined) throw new LabError('BadRequest', `${file} is an archive without a disk.`);
  if (disks.length > 1) throw new LabError('BadRequest', `${file} has several disks (${disks.join(', ')}): import the one that boots.`);
  await runProgram('tar', ['-xf', file, '-C', work, '--no-same-owner', '--', disk], { signal });
  return join(work, disk);
}

async function isTar(path: string): Promise<boolean> {
  return (await bytesAt(path, 257, 5)).toString() === 'ustar';
}

async function bytesAt(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path).catch((cause: unknown) => {
    throw new LabError('NotFound', `There is no file ${path}.`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const About = z.object({
  format: z.string(),
  'virtual-size': z.number(),
  'backing-filename': z.string().optional(),
  'format-specific': z.object({ data: z.object({ 'data-file': z.string().optional() }).loose() }).optional(),
});

const FORMATS = ['qcow2', 'raw', 'vmdk', 'vdi', 'vpc', 'vhdx'];

async function converted(file: string, work: string, { signal, onProgress }: ImportOptions): Promise<string> {
  const format = await formatOf(file, signal);
  const disk = join(work, 'disk.qcow2');
  const onLine = (line: string) => {
    const share = Number(/\(([\d.]+)\/100%\)/.exec(line.slice(line.lastIndexOf('(')))?.[1] ?? Number.NaN);
    if (Number.isNaN(share)) return;
    onProgress({ step: 'Converting the disk', percent: Math.floor(FETCHED + (share / 100) * (CONVERTED - FETCHED)) });
  };
  const compressed = ['-c', '-O', 'qcow2', '-o', 'compression_type=zstd'];
  await runProgram('qemu-img', ['convert', '-p', '-f', format, ...compressed, file, disk], { signal, onLine });
  return disk;
}

/** The format of a disk image that stands alone. Anything at all is a raw disk to the tools; a real one has a boot signature. */
async function formatOf(file: string, signal: AbortSignal): Promise<string> {
  const text = await runProgram('qemu-img', ['info', '--output=json', '-U', file], { signal });
  const about = About.parse(JSON.parse(text));
  const named = about['backing-filename'] ?? about['format-specific']?.data['data-file'];
  if (named !== undefined)
    throw new LabError('BadRequest', `The disk image leans on another file (${named}), which does not come with it.`);
  if (!FORMATS.includes(about.format)) throw new LabError('BadRequest', `A disk image in the format ${about.format} is not understood.`);
  const bootable = about.format !== 'raw' || (await bytesAt(file, 510, 2)).toString('hex') === '55aa';
  if (bootable) return about.format;
  const isCd = (await bytesAt(file, 32_769, 5)).toString() === 'CD001';
  throw new LabError(
    'BadRequest',
    isCd
      ? 'The ISO boots from CD drives alone. Take one that boots from USB sticks as well, or install it and import the disk.'
      : 'This is no disk image: neither is its format known, nor has it a partition table.',
  );
}
