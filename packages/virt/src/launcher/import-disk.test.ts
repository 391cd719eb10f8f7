import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { missingTools } from './local-pod.test-support.ts';

// The importer that runs in the cluster, here against a server of our own. It needs what is in its image: curl, jq and qemu-img.

const PROGRAMS = new URL('../../../../images/vm-launcher/files/usr/lib/crownlabs/', import.meta.url).pathname;
const missing = missingTools('curl', 'jq', 'qemu-img', 'sha256sum', 'getent');
const MIB = 1 << 20;
const SIZE = 64 * MIB;
const LOOPBACK = '127.0.0.0/8';

let place: string;
let stop: (() => Promise<void>) | undefined;
beforeEach(() => void (place = mkdtempSync(join(tmpdir(), 'crownlabs-import-'))));
afterEach(async () => {
  await stop?.();
  stop = undefined;
  rmSync(place, { recursive: true, force: true });
});

const disk = () => join(place, 'disk.img');

/** A raw disk with a boot signature and something that compresses badly. */
function bytesOfDisk(size = 2 * MIB): Buffer {
  const bytes = randomBytes(size);
  bytes.writeUInt16LE(0xaa55, 510);
  return bytes;
}

async function served(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  stop = () => {
    server.closeAllConnections();
    return new Promise<void>((closed) => void server.close(() => closed()));
  };
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** What a server does that knows ranges. */
function send(bytes: Buffer, request: IncomingMessage, response: ServerResponse, most = bytes.length): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { 'content-length': bytes.length, etag: '"one"' });
    response.write(bytes.subarray(0, most), () => (bytes.length <= most ? response.end() : response.destroy()));
    return;
  }
  const end = to ? Number(to) + 1 : bytes.length;
  const part = bytes.subarray(Number(from), end);
  response.writeHead(206, { 'content-length': part.length, 'content-range': `bytes ${from}-${end - 1}/${bytes.length}`, etag: '"one"' });
  response.write(part.subarray(0, most), () => (part.length <= most ? response.end() : response.destroy()));
}

function imported(...source: readonly string[]): Promise<{ code: number; said: string }> {
  const env = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', MACHINE_RUN: place };
  const words = [join(PROGRAMS, 'import-disk'), disk(), String(SIZE), ...source];
  return new Promise((resolve) => {
    execFile('sh', words, { env }, (error, _stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, said: stderr.trim() }));
  });
}

const progress = () => readFileSync(join(place, 'progress'), 'utf8').trim();

test.skipIf(missing.length > 0)('a connection that breaks is taken up where it broke, and the disk is the one that was meant', async () => {
  const bytes = bytesOfDisk();
  const ranges: string[] = [];
  const from = await served((request, response) => {
    ranges.push(request.headers.range ?? '');
    send(bytes, request, response, MIB);
  });
  const sum = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  expect(await imported('http', `${from}/disk.raw`, sum, LOOPBACK)).toEqual({ code: 0, said: '' });
  expect(ranges.filter((range) => range !== 'bytes=0-0')).toEqual(['', expect.stringMatching(/^bytes=[1-9]\d{5,}-$/)]);
  expect(statSync(disk()).size).toBe(SIZE);
  expect(readFileSync(disk()).subarray(0, bytes.length).equals(bytes)).toBe(true);
  expect(progress()).toBe('10000');
});

test.skipIf(missing.length > 0)('a server that knows no parts, and does not say how much it has, is read as well', async () => {
  const bytes = bytesOfDisk();
  const from = await served((_request, response) => void response.writeHead(200).end(bytes));
  expect(await imported('http', from, '-', LOOPBACK)).toEqual({ code: 0, said: '' });
  expect(readFileSync(disk()).subarray(0, bytes.length).equals(bytes)).toBe(true);
});

test.skipIf(missing.length > 0)('every redirect is looked at, and none leads to a private address', async () => {
  const asked: string[] = [];
  const from = await served((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end('x'.repeat(600));
  });
  const { code, said } = await imported('http', `${from}/hop`, '-', LOOPBACK);
  expect(code).toBe(1);
  expect(said).toContain('169.254.169.254 is a private address');
  expect(asked).toEqual(['/hop']);
});

test
  .skipIf(missing.length > 0)
  .each([
    'http://127.0.0.1:9/x',
    'http://localhost/x',
    'http://0x7f.1/x',
    'http://2130706433/x',
    'http://[::1]/x',
    'http://[::ffff:10.0.0.1]/x',
    'http://[fd00::1]/x',
    'http://user:secret@172.16.0.5/x',
  ])('%s is not asked, because it is private', async (url) => {
  const { code, said } = await imported('http', url, '-');
  expect(code).toBe(1);
  expect(said).toContain('a private address');
});

test.skipIf(missing.length > 0)('what is no disk image, what was changed, and what is too large is refused in words', async () => {
  const bytes = bytesOfDisk();
  const small = join(place, 'large.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', small, '200M']);
  const large = readFileSync(small);
  const from = await served((request, response) => {
    if (request.url === '/page') return send(Buffer.from('<html>'.repeat(20)), request, response);
    if (request.url === '/large') return send(large, request, response);
    if (request.url === '/endless') return void response.writeHead(206, { 'content-range': `bytes 0-0/${10 ** 12}` }).end('x');
    if (request.url === '/gone') return void response.writeHead(404).end();
    return send(bytes, request, response);
  });
  const said = async (path: string, sum = '-') => (await imported('http', `${from}${path}`, sum, LOOPBACK)).said;
  // Told alone: what the tools say of a file of a few bytes helps nobody.
  expect(await said('/page')).toMatch(/^What was found is not a disk image/);
  expect(await said('/disk', `sha256:${'0'.repeat(64)}`)).toContain('it is not the disk image that was meant');
  expect(await said('/large')).toContain('is for a disk of 209.72 MB, and the volume has 67.11 MB');
  expect(await said('/endless')).toContain('The disk image has 1.00 TB, and the volume has 67.11 MB');
  expect(await said('/gone')).toContain('the server answers 404');
});

test.skipIf(missing.length > 0)('gigabytes that were the wrong ones are not fetched again before the server has others', async () => {
  let bytes = bytesOfDisk();
  let tag = '"one"';
  const fetched: string[] = [];
  const from = await served((request, response) => {
    response.setHeader('etag', tag);
    if (request.headers.range === 'bytes=0-0') {
      response.writeHead(206, { 'content-range': `bytes 0-0/${bytes.length}` }).end(bytes.subarray(0, 1));
    } else {
      fetched.push(tag);
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    }
  });
  const meant = bytesOfDisk();
  const sum = `sha256:${createHash('sha256').update(meant).digest('hex')}`;
  const first = await imported('http', from, sum, LOOPBACK);
  expect(first.said).toMatch(/not the disk image that was meant\. It is fetched again when the server has another one, or in six hours\.$/);
  expect(await imported('http', from, sum, LOOPBACK)).toEqual(first);
  expect(fetched).toEqual(['"one"']);
  [bytes, tag] = [meant, '"two"'];
  expect(await imported('http', from, sum, LOOPBACK)).toEqual({ code: 0, said: '' });
});

test.skipIf(missing.length > 0)('a disk image that was cut off, or is compressed, is refused in words', async () => {
  const whole = join(place, 'whole.raw');
  writeFileSync(whole, bytesOfDisk());
  const files = new Map([['/raw.xz', Buffer.from('fd377a585a000004e6d6b446', 'hex')]]);
  for (const format of ['qcow2', 'vmdk']) {
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', format, whole, `${whole}.${format}`]);
    const bytes = readFileSync(`${whole}.${format}`);
    files.set(`/whole.${format}`, bytes).set(`/cut.${format}`, bytes.subarray(0, bytes.length - 3 * (MIB >> 2)));
  }
  const from = await served((request, response) => send(files.get(request.url ?? '') ?? Buffer.of(), request, response));
  const said = async (path: string) => {
    for (const left of ['disk.img', 'download.part']) rmSync(join(place, left), { force: true });
    return (await imported('http', `${from}${path}`, '-', LOOPBACK)).said;
  };
  for (const format of ['qcow2', 'vmdk']) {
    expect(await said(`/whole.${format}`)).toBe('');
    expect(await said(`/cut.${format}`)).toContain('damaged: it was cut off');
  }
  expect(await said('/raw.xz')).toContain('is compressed: unpack it');
});

test.skipIf(missing.length > 0)('a disk that leans on another file is refused, wherever it comes from', async () => {
  const image = join(place, 'evil.qcow2');
  writeFileSync(join(place, 'secret'), 'x'.repeat(4096));
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', join(place, 'secret'), '-F', 'raw', image]);
  const bytes = readFileSync(image);
  const from = await served((request, response) => send(bytes, request, response));
  expect((await imported('http', from, '-', LOOPBACK)).said).toContain('leans on another file');
  await stop?.();
  rmSync(join(place, 'download.part'));
  const named = '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\n';
  const descriptor = Buffer.from(`${named}RW 8 FLAT "${join(place, 'secret')}" 0\nddb.adapterType = "ide"\n`);
  const other = await served((request, response) => send(descriptor, request, response));
  expect((await imported('http', other, '-', LOOPBACK)).said).toContain('leans on another file');
});
