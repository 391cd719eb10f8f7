import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const TOOL = join(import.meta.dirname, '../../../images/terminal/files/usr/lib/crownlabs/content-tools');
const there = ['python3', 'curl'].every((program) => spawnSync(program, ['--version']).status === 0);

/** A folder to work in, and a web server that gives `archive` and keeps what it is sent. */
async function world(archive: Buffer = Buffer.alloc(0)) {
  const folder = mkdtempSync(join(tmpdir(), 'content-'));
  const got: Buffer[] = [];
  const server = createServer((request, response) => {
    request.on('data', (part: Buffer) => got.push(part));
    request.on('end', () => response.writeHead(request.url === '/broken' ? 500 : 200).end(archive));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const run = async (verb: string, env: Record<string, string>) => {
    const child = spawn('python3', [TOOL, verb], { env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...env }, stdio: 'ignore' });
    const [code] = (await once(child, 'close')) as [number];
    return code;
  };
  const close = () => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, url, run, sent: () => Buffer.concat(got), [Symbol.dispose]: close };
}

/** A tar file of Python's own making, from names to contents. */
function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const script = [
    'import io, json, sys, tarfile',
    "out = tarfile.open(fileobj=sys.stdout.buffer, mode='w|gz')",
    'for name, text in json.loads(sys.argv[1]).items():',
    '    item = tarfile.TarInfo(name); item.size = len(text); out.addfile(item, io.BytesIO(text.encode()))',
    'out.close()',
  ].join('\n');
  return spawnSync('python3', ['-c', script, JSON.stringify(files)]).stdout;
}

test.skipIf(!there)('an archive is unpacked where nothing is yet, and never over what somebody did', async () => {
  using place = await world(tarOf({ 'exercise/one.txt': 'one' }));
  const DESTINATION_PATH = join(place.folder, 'data');
  mkdirSync(join(DESTINATION_PATH, 'lost+found'), { recursive: true });
  const env = { SOURCE_ARCHIVE: `${place.url}/exercise.tar.gz`, DESTINATION_PATH };
  expect(await place.run('download', env)).toBe(0);
  const file = join(DESTINATION_PATH, 'exercise/one.txt');
  expect(readFileSync(file, 'utf8')).toBe('one');
  writeFileSync(file, 'my answer');
  expect(await place.run('download', env)).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe('my answer');
});

test.skipIf(!there)('an archive does not reach out of the folder', async () => {
  using place = await world(tarOf({ 'fine.txt': 'x', '../../escaped.txt': 'x' }));
  const DESTINATION_PATH = join(place.folder, 'data');
  mkdirSync(DESTINATION_PATH);
  expect(await place.run('download', { SOURCE_ARCHIVE: `${place.url}/bad.tar.gz`, DESTINATION_PATH })).not.toBe(0);
  expect(readdirSync(DESTINATION_PATH)).toEqual([]);
  expect(existsSync(join(place.folder, 'escaped.txt'))).toBe(false);
  expect(await place.run('download', { SOURCE_ARCHIVE: 'file:///etc/passwd', DESTINATION_PATH })).not.toBe(0);
  expect(readdirSync(DESTINATION_PATH)).toEqual([]);
});

test.skipIf(!there)('work is handed in as a form with a zip of the files, without what links point at', async () => {
  using place = await world();
  const SOURCE_PATH = join(place.folder, 'data');
  mkdirSync(join(SOURCE_PATH, 'answers'), { recursive: true });
  writeFileSync(join(SOURCE_PATH, 'answers/one.txt'), 'forty-two');
  symlinkSync('/etc/passwd', join(SOURCE_PATH, 'stolen.txt'));
  const env = { SOURCE_PATH, DESTINATION_URL: `${place.url}/hand-in`, FILENAME: 'mine-desktop' };
  expect(await place.run('upload', env)).toBe(0);
  const form = place.sent().toString('latin1');
  expect(form).toContain('name="binfile"; filename="mine-desktop.zip"');
  expect(form).toMatch(/name="filename"\r\n\r\nmine-desktop\r\n/);
  expect(form).toContain('answers/one.txt');
  expect(form).not.toContain('stolen.txt');
});

test.skipIf(!there)(
  'a system that does not take the work makes the Job fail, so that it is tried again',
  async () => {
    using place = await world();
    const env = { SOURCE_PATH: place.folder, DESTINATION_URL: `${place.url}/broken`, FILENAME: 'mine-desktop' };
    expect(await place.run('upload', env)).not.toBe(0);
  },
  30_000,
);
