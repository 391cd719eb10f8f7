import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, LabError } from '@crownlabs/std';
import type { ImageStore } from './build.ts';
import { archiveOf } from './disk-archive.ts';
import { bytesAt, checkWhole, formatOf } from './disk-format.ts';
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
    const disk = await converted(await unpacked(file, work, options), { work, source: wanted.source }, options);
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
  const disks = names.filter((name) => /^(\.\/)?(\w[\w .()-]*\/)?\w[\w .()-]*\.(vmdk|vhd|vdi|qcow2|img|raw)$/i.test(name));
  const [disk] = disks;
  if (disk === undefined) throw new LabError('BadRequest', `${file} is an archive without a disk.`);
  if (disks.length > 1) throw new LabError('BadRequest', `${file} has several disks (${disks.join(', ')}): import the one that boots.`);
  await runProgram('tar', ['-xf', file, '-C', work, '--no-same-owner', '--', disk], { signal });
  return join(work, disk);
}

async function isTar(path: string): Promise<boolean> {
  return (await bytesAt(path, 257, 5)).toString() === 'ustar';
}

interface Conversion {
  readonly work: string;
  /** What was given: only files that stand beside that one may belong to it. */
  readonly source: string;
}

async function converted(file: string, { work, source }: Conversion, { signal, onProgress }: ImportOptions): Promise<string> {
  const format = await formatOf(file, { mayHaveOthers: file === source, signal });
  await checkWhole(file, format, signal);
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
