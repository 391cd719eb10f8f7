import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reachFor } from './edge-reach.ts';

const NOBODY = 65_534;
let base: string;
let clone: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'crownlabs-reach-'));
  await chmod(base, 0o755);
  clone = join(base, 'home', 'a clone');
  await mkdir(clone, { recursive: true });
  await writeFile(join(clone, 'page'), 'hello');
  await writeFile(join(base, 'home', 'private'), 'not for others');
});

afterEach(() => rm(base, { recursive: true }));

/** What a program, started as `within` says, reads of `path` once it has become nobody. */
function readAsNobody(within: readonly string[], path: string): string {
  const script = `process.setgid(${NOBODY}); process.setuid(${NOBODY});
    try { process.stdout.write(require('node:fs').readFileSync(${JSON.stringify(path)}, 'utf8')) } catch (error) { process.stdout.write(error.code) }`;
  const [command, ...args] = [...within, process.execPath, '-e', script];
  return spawnSync(command, args, { encoding: 'utf8' }).stdout;
}

test('nothing is done where every user may enter', async () => {
  expect(await reachFor([clone])).toEqual([]);
});

test('a clone that its own mode closes is refused, with what to type', async () => {
  await chmod(clone, 0o700);
  await expect(reachFor([clone])).rejects.toThrow(`chmod -R go+rX '${dirname(clone)}'`);
});

describe('a clone in a home that is closed to others', () => {
  beforeEach(() => chmod(join(base, 'home'), 0o700));

  test('is reached by the other user, at the same path, and what lies beside it is not', async () => {
    if (process.getuid?.() !== 0) {
      await expect(reachFor([clone])).rejects.toThrow('Move the clone');
      return;
    }
    const within = await reachFor([clone, join(clone, 'page'), dirname(process.execPath)]);
    expect(readAsNobody([], join(clone, 'page'))).toBe('EACCES');
    expect(readAsNobody(within, join(clone, 'page'))).toBe('hello');
    expect(readAsNobody(within, join(base, 'home', 'private'))).toBe('ENOENT');
  });
});
