import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureWritable, removeTree, segment, writeContent } from './directories.ts';

let root = '';
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'crownlabs-volumes-'))));
afterEach(() => rm(root, { recursive: true, force: true }));

const file = (path: string, text: string) => ({ path, content: Buffer.from(text), mode: 0o400 });

test('content is replaced as a whole: what is no longer there is not seen any more', async () => {
  await writeContent(root, [file('a', '1'), file('b', '2')], undefined);
  expect(await readFile(join(root, 'a'), 'utf8')).toBe('1');
  await writeContent(root, [file('a', 'new')], undefined);
  expect(await readFile(join(root, 'a'), 'utf8')).toBe('new');
  await expect(readFile(join(root, 'b'), 'utf8')).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await stat(join(root, 'a'))).mode & 0o777).toBe(0o400);
});

test('no name leads out of the directory that it is for', () => {
  for (const name of ['../../etc', '/etc', '..', '.hidden', 'a/b']) expect(segment(name)).not.toMatch(/\/|^\./);
});

test('a removed tree is gone at once, and removing nothing is no error', async () => {
  const path = join(root, 'volumes', 'v1');
  await ensureWritable(path, { uid: process.getuid?.() ?? 0, fsGroup: undefined });
  expect((await stat(path)).mode & 0o777).toBe(0o777);
  await removeTree(path, join(root, 'trash'));
  await removeTree(path, join(root, 'trash'));
  expect(await readdir(join(root, 'volumes'))).toEqual([]);
});

test('what is removed after the whole place has gone does not bring the place back', async () => {
  const place = join(root, 'place');
  await removeTree(join(place, 'pods', 'a'), join(place, 'trash'));
  expect(await readdir(root)).toEqual([]);
  await mkdir(place);
  await removeTree(join(place, 'pods', 'a'), join(place, 'trash'));
  expect(await readdir(place)).toEqual([]);
});
