import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { serveFirst } from './serve-first.ts';

test('a session is favoured where the kernel weighs sessions, and left alone elsewhere', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crownlabs-serve-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const session = join(folder, 'autogroup');
  await serveFirst(session);
  await expect(readFile(session)).rejects.toThrow('ENOENT');
  await writeFile(session, '');
  await serveFirst(session);
  expect(await readFile(session, 'utf8')).toBe('-10');
});
