import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { LabError, messageOf } from '@crownlabs/std';
import { type ExtractEvents, extract, pack } from 'tar-stream';
import { z } from 'zod';

const FORMAT = 1;
const MANIFEST = 'backup.json';
const MANIFEST_LIMIT = 1024 * 1024;

/** An entry as it is read. */
type Entry = ExtractEvents['entry'][1];

/** What a backup says of itself, as its first entry: nothing that is not named here is ever unpacked. */
const Manifest = z.object({
  format: z.literal(FORMAT),
  kind: z.enum(['product', 'apiserver']),
  createdAt: z.iso.datetime(),
  files: z.array(
    z.object({
      path: z.string().regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/),
      size: z.int().min(0),
      mode: z.int().min(0).max(0o777),
      sha256: z.string(),
    }),
  ),
});
export type Manifest = z.infer<typeof Manifest>;

/** A file to pack: where it is, and what it is called in the backup. */
export interface Packed {
  readonly path: string;
  readonly from: string;
}

/** Writes a compressed archive of the files, with their sums in front. */
export async function writeArchive(target: string, head: Pick<Manifest, 'kind' | 'createdAt'>, files: readonly Packed[]): Promise<void> {
  const contents = await Promise.all(files.map(described));
  const manifest: Manifest = { format: FORMAT, ...head, files: contents };
  const archive = pack();
  const fill = async () => {
    archive.entry({ name: MANIFEST, mode: 0o600 }, JSON.stringify(manifest, null, 2));
    for (const [index, { path, size, mode }] of contents.entries()) {
      await pipeline(createReadStream(files[index]?.from ?? ''), archive.entry({ name: path, size, mode }));
    }
    archive.finalize();
  };
  await Promise.all([fill(), pipeline(archive, createGzip({ level: 3 }), createWriteStream(target, { mode: 0o600, flags: 'wx' }))]);
}

async function described({ path, from }: Packed): Promise<Manifest['files'][number]> {
  const { size, mode } = await stat(from);
  return { path, size, mode: mode & 0o777, sha256: await sumOf(createReadStream(from)) };
}

async function sumOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** Unpacks a backup below `folder` and checks every byte of it; throws Invalid, saying what is wrong with the file. */
export async function readArchive(source: string, folder: string): Promise<Manifest> {
  const entries = extract();
  const problem = new AbortController();
  const feeding = pipeline(createReadStream(source), createGunzip(), entries).catch((error: unknown) => {
    problem.abort(error);
    throw error;
  });
  feeding.catch(() => undefined);
  try {
    const manifest = await unpack(entries, folder);
    await feeding;
    return manifest;
  } catch (error) {
    throw unreadable(source, problem.signal.aborted ? problem.signal.reason : error);
  }
}

async function unpack(entries: AsyncIterable<Entry>, folder: string): Promise<Manifest> {
  let manifest: Manifest | undefined;
  const missing = new Map<string, Manifest['files'][number]>();
  for await (const entry of entries) {
    if (!manifest) {
      manifest = await manifestIn(entry);
      for (const file of manifest.files) missing.set(file.path, file);
      continue;
    }
    const file = missing.get(entry.header.name);
    if (!file) throw new LabError('Invalid', `${entry.header.name} does not belong in it`);
    missing.delete(file.path);
    await unpackFile(entry, file, join(folder, file.path));
  }
  if (!manifest) throw new LabError('Invalid', 'it is empty');
  const [lost] = missing.keys();
  if (lost !== undefined) throw new LabError('Invalid', `${lost} is missing`);
  return manifest;
}

async function unpackFile(entry: Entry, { path, mode, sha256 }: Manifest['files'][number], target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  const counted = new PassThrough();
  counted.on('data', (chunk: Buffer) => hash.update(chunk));
  await pipeline(entry, counted, createWriteStream(target, { mode, flags: 'wx' }));
  if (hash.digest('hex') !== sha256) throw new LabError('Invalid', `${path} is not what was backed up`);
}

async function manifestIn(entry: Entry): Promise<Manifest> {
  if (entry.header.name !== MANIFEST || (entry.header.size ?? 0) > MANIFEST_LIMIT)
    throw new LabError('Invalid', 'it is no backup of CrownLabs');
  const told: unknown = await json(entry);
  const format = z.object({ format: z.number() }).safeParse(told).data?.format ?? 0;
  if (format > FORMAT) throw new LabError('Invalid', `it has format ${format}, made by a newer version; this one reads up to ${FORMAT}`);
  const read = Manifest.safeParse(told);
  if (!read.success) throw new LabError('Invalid', `its description cannot be read: ${z.prettifyError(read.error)}`);
  return read.data;
}

function unreadable(source: string, error: unknown): LabError {
  const why = messageOf(error);
  const said = /unexpected end/i.test(why)
    ? 'it is cut off'
    : /incorrect header check|invalid tar header/i.test(why)
      ? 'it is no backup of CrownLabs'
      : /ENOENT/.test(why)
        ? 'there is no such file'
        : why;
  return new LabError('Invalid', `${source} cannot be restored: ${said}. Nothing was changed.`, { cause: error });
}
