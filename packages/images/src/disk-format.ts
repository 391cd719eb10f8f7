import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LabError, messageOf } from '@crownlabs/std';
import { z } from 'zod';
import { runProgram } from './program.ts';

/** How files begin that have to be unpacked first. */
const COMPRESSED: Readonly<Record<string, string>> = {
  '1f8b': 'gzip',
  fd377a585a: 'xz',
  '28b52ffd': 'zstd',
  '425a68': 'bzip2',
  '504b0304': 'zip',
  '377abcaf271c': '7z',
};

/** Some bytes of a file; fewer, where it ends. */
export async function bytesAt(path: string, position: number, length: number): Promise<Buffer> {
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
  'format-specific': z
    .object({
      data: z.object({ 'data-file': z.string().optional(), extents: z.array(z.object({ filename: z.string() })).optional() }).loose(),
    })
    .optional(),
});

const FORMATS = ['qcow2', 'raw', 'vmdk', 'vdi', 'vpc', 'vhdx'];

/** A file that was cut off is a disk to the tools, with nothing where its end was. */
export async function checkWhole(file: string, format: string, signal: AbortSignal): Promise<void> {
  if (!['qcow2', 'vmdk', 'vdi'].includes(format)) return;
  await runProgram('qemu-img', ['check', '-q', '-U', '-f', format, file], { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    // Some of its room is lost, and nothing else.
    if (messageOf(cause).startsWith('qemu-img ended with 3')) return;
    throw new LabError('BadRequest', 'The disk image is damaged: it was cut off, or changed on its way.', { cause });
  });
}

/** The format of a disk image that stands alone. Anything at all is a raw disk to the tools; a real one has a boot signature. */
export async function formatOf(file: string, { mayHaveOthers, signal }: { mayHaveOthers: boolean; signal: AbortSignal }): Promise<string> {
  const text = await runProgram('qemu-img', ['info', '--output=json', '-U', file], { signal }).catch((cause: unknown) => {
    throw new LabError('BadRequest', `The disk image is damaged: ${messageOf(cause)}`, { cause });
  });
  const about = About.parse(JSON.parse(text));
  const named = about['backing-filename'] ?? otherFileOf(about, file, mayHaveOthers);
  if (named !== undefined)
    throw new LabError('BadRequest', `The disk image leans on another file (${named}), which does not come with it.`);
  if (!FORMATS.includes(about.format)) throw new LabError('BadRequest', `A disk image in the format ${about.format} is not understood.`);
  if (about.format === 'raw') await checkBoots(file);
  return about.format;
}

/** Somebody else's image could name any file of this machine as a part of it; one's own may be in several files beside one another. */
function otherFileOf(about: z.infer<typeof About>, file: string, mayHaveOthers: boolean): string | undefined {
  const { 'data-file': data, extents = [] } = about['format-specific']?.data ?? {};
  const isOwn = ({ filename }: { filename: string }) => filename === file || (mayHaveOthers && dirname(filename) === dirname(file));
  return data ?? extents.find((extent) => !isOwn(extent))?.filename;
}

async function checkBoots(file: string): Promise<void> {
  if ((await bytesAt(file, 510, 2)).toString('hex') === '55aa') return;
  throw new LabError('BadRequest', await whyNoDisk(file));
}

async function whyNoDisk(file: string): Promise<string> {
  const start = (await bytesAt(file, 0, 6)).toString('hex');
  const packed = Object.entries(COMPRESSED).find(([magic]) => start.startsWith(magic))?.[1];
  if (packed !== undefined) return `This is compressed (${packed}): unpack it, and import the disk image itself.`;
  return (await bytesAt(file, 32_769, 5)).toString() === 'CD001'
    ? 'The ISO boots from CD drives alone. Take one that boots from USB sticks as well, or install it and import the disk.'
    : 'This is no disk image: neither is its format known, nor has it a partition table.';
}
