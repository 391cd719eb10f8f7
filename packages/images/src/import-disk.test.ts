import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { systemClock } from '@crownlabs/std';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importDisk } from './import-disk.ts';
import { bootSector } from './partition-table.ts';
import { runProgram } from './program.ts';

const { signal } = new AbortController();
const tools = await runProgram('qemu-img', ['--version'], { signal }).then(
  () => true,
  () => false,
);

let place: string;
let server: Server | undefined;
let stored: { reference: string; archive: string } | undefined;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'crownlabs-import-'));
  stored = undefined;
  const disk = Buffer.alloc(4 << 20);
  disk.set(bootSector(Buffer.alloc(512, 7), disk.length));
  await writeFile(join(place, 'disk.raw'), disk);
});

afterEach(async () => {
  server?.close();
  server = undefined;
  await rm(place, { recursive: true, force: true });
});

const store = {
  labels: () => Promise.resolve(undefined),
  importImage: async (tar: NodeJS.ReadableStream, { reference }: { reference: string }) => {
    stored = { reference, archive: await text(tar) };
  },
};

const take = (source: string, checksum?: string) =>
  importDisk(
    { source, reference: 'crownlabs/mine:1', ...(checksum === undefined ? {} : { checksum }) },
    { store, workDir: join(place, 'work'), clock: { ...systemClock, sleep: () => Promise.resolve() }, onProgress: () => undefined, signal },
  );

const served = async (body: Buffer, breaks: boolean) => {
  const ranges: (string | undefined)[] = [];
  server = createServer((request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(range === undefined ? 200 : 206, { 'content-length': body.length - from });
    if (breaks && ranges.length === 1) response.write(body.subarray(0, body.length / 2), () => setTimeout(() => response.destroy(), 50));
    else response.end(body.subarray(from));
  });
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/disk`, ranges };
};

const bytes = () => runProgram('base64', ['-w0', join(place, 'disk.raw')], { signal }).then((it) => Buffer.from(it, 'base64'));

test.runIf(tools)('a disk becomes an image with it in the place where machines look, whatever it was before', async () => {
  await runProgram('qemu-img', ['convert', '-O', 'vmdk', join(place, 'disk.raw'), join(place, 'inside.vmdk')], { signal });
  await writeFile(join(place, 'inside.ovf'), '<Envelope/>');
  await runProgram('tar', ['-cf', join(place, 'lab.ova'), '--format=ustar', '-C', place, 'inside.ovf', 'inside.vmdk'], { signal });
  for (const name of ['disk.raw', 'inside.vmdk', 'lab.ova']) {
    stored = undefined;
    await take(join(place, name));
    expect(stored).toMatchObject({ reference: 'crownlabs/mine:1', archive: expect.stringMatching(/^disk\/disk\.qcow2\0/) });
  }
  expect(await readdir(join(place, 'work'))).toEqual([]);
});

test.runIf(tools)('a broken connection goes on from where it was', async () => {
  const { url, ranges } = await served(await bytes(), true);
  await take(
    url,
    `sha256:${createHash('sha256')
      .update(await bytes())
      .digest('hex')}`,
  );
  expect(stored?.reference).toBe('crownlabs/mine:1');
  expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
});

test.runIf(tools)('what is no disk, or another one than was meant, is refused in words', async () => {
  const { url } = await served(await bytes(), false);
  await expect(take(url, `sha256:${'0'.repeat(64)}`)).rejects.toThrow(/has the checksum sha256:[0-9a-f]{64}, and sha256:0+ was expected/);
  await writeFile(join(place, 'letter.txt'), 'Dear teacher, '.repeat(4_000));
  await expect(take(join(place, 'letter.txt'))).rejects.toThrow('This is no disk image');
  await expect(take(join(place, 'gone.qcow2'))).rejects.toThrow('There is no file');
  await runProgram('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', join(place, 'disk.raw'), '-F', 'raw', join(place, 'lean.qcow2')], {
    signal,
  });
  await expect(take(join(place, 'lean.qcow2'))).rejects.toThrow('leans on another file');
  await writeFile(join(place, 'disk.xz'), Buffer.from('fd377a585a000004e6d6b446', 'hex'));
  await expect(take(join(place, 'disk.xz'))).rejects.toThrow('compressed (xz): unpack it');
  expect(stored).toBeUndefined();
});

test.runIf(tools)(
  'a disk that was cut off is refused, and so is one of somebody else that names a file of this machine as its own',
  async () => {
    const whole = join(place, 'whole.qcow2');
    await writeFile(join(place, 'full.raw'), Buffer.concat([await bytes(), randomBytes(1 << 20)]));
    await runProgram('qemu-img', ['convert', '-O', 'qcow2', join(place, 'full.raw'), whole], { signal });
    await take(whole);
    await truncate(whole, (await stat(whole)).size - (1 << 19));
    stored = undefined;
    await expect(take(whole)).rejects.toThrow('The disk image is damaged');
    const named = '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n';
    const descriptor = (file: string) => Buffer.from(`${named}RW 8192 FLAT "${file}" 0\nddb.adapterType = "ide"\n`);
    const { url } = await served(descriptor(join(place, 'disk.raw')), false);
    await expect(take(url)).rejects.toThrow('leans on another file');
    expect(stored).toBeUndefined();
    // One's own may be in several files beside one another.
    await writeFile(join(place, 'mine.vmdk'), descriptor('disk.raw'));
    await take(join(place, 'mine.vmdk'));
    expect(stored).toBeDefined();
  },
);
