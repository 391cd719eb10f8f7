import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore, type Store } from '@crownlabs/store';
import { expect, onTestFinished, test } from 'vitest';

const PAGE = 4096;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'store-damage-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function put(store: Store, name: string, text: string) {
  const expected = store.get('b', name)?.revision ?? 0;
  return store.write({ bucket: 'b', name, expected, encode: () => ({ bytes: Buffer.from(text) }) });
}

function contents(store: Store): string[] {
  return store.list('b').entries.map(({ name, revision, bytes }) => `${name}@${revision} ${Buffer.from(bytes).toString()}`);
}

/** Runs a full-disk writer under a shell's rules; what it said. */
function fullDisk(directory: string, rules: string, ...args: string[]) {
  const script = join(import.meta.dirname, 'full-disk-writer.ts');
  const line = `${rules}; exec "$0" "$@"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', line, process.execPath, script, directory, ...args], { encoding: 'utf8' });
  const lines = stdout.split('\n');
  const find = (word: string) => lines.find((one) => one.startsWith(word))?.slice(word.length + 1);
  return {
    acknowledged: Number(find('acknowledged')),
    refused: find('refused') ?? stderr,
    readable: find('readable'),
    again: find('again'),
  };
}

async function demandAll(directory: string, acknowledged: number): Promise<void> {
  await using store = await openStore({ directory });
  expect(acknowledged).toBeGreaterThan(3);
  expect(store.count('b')).toBeGreaterThanOrEqual(acknowledged);
  for (let n = 0; n < acknowledged; n += 1) expect(store.get('b', `k${n}`)?.bytes.length).toBe(3000);
}

test('a file that may not grow refuses writes in words, still reads, and has all that was acknowledged', async () => {
  const directory = folder();
  const told = fullDisk(directory, 'ulimit -f 200');
  expect(told.refused).toMatch(/ServiceUnavailable The write could not be made durable: .*(full|disk I\/O)/);
  expect(told.readable).toBe(String(told.acknowledged));
  await demandAll(directory, told.acknowledged);
});

test('a full disk refuses writes in words, and takes them again once there is room', async (context) => {
  const directory = folder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]);
  if (mounted.status !== 0) context.skip('nobody here may mount a file system');
  onTestFinished(() => void spawnSync('umount', [directory]));
  const told = fullDisk(directory, ':', '200000');
  expect(told.refused).toMatch(/ServiceUnavailable The write could not be made durable: .*full/);
  expect(told.readable).toBe(String(told.acknowledged));
  expect(told.again).toBe('written');
  await demandAll(directory, told.acknowledged);
});

test('a directory that cannot be written is refused in words, and its log is left as it is', async () => {
  const directory = folder();
  const log = join(directory, 'log.db');
  {
    await using store = await openStore({ directory });
    await put(store, 'a', 'x');
  }
  const before = readFileSync(log);
  chmodSync(log, 0o444);
  chmodSync(directory, 0o555);
  const script = `import('@crownlabs/store').then(({ openStore }) => openStore({ directory: ${JSON.stringify(directory)} })).catch((e) => console.log(e.code, e.message))`;
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: import.meta.dirname, ...nobody });
  expect(stdout).toMatch(`ServiceUnavailable The log in ${directory} cannot be opened`);
  expect(stdout).toMatch(/must be writable by this process/);
  chmodSync(directory, 0o755);
  chmodSync(log, 0o644);
  expect(readFileSync(log).equals(before)).toBe(true);
});

test('whatever page of the file is damaged, it is said or does not matter: no wrong answer is given', async () => {
  const directory = folder();
  {
    await using store = await openStore({ directory });
    for (let n = 0; n < 120; n += 1) await put(store, `k${n % 40}`, `${n} `.repeat(80));
  }
  await using sound = await openStore({ directory });
  const right = contents(sound);
  const pristine = folder();
  await sound.backup(join(pristine, 'log.db'));
  const pages = readFileSync(join(pristine, 'log.db')).length / PAGE;
  expect(pages).toBeGreaterThan(10);
  let refused = 0;
  for (let page = 0; page < pages; page += 1) {
    for (const harm of [erased, scratched, flipped]) {
      const told = await opened(damaged(join(pristine, 'log.db'), page, harm));
      if (typeof told === 'string') expect(told).toMatch(/^ServiceUnavailable .*(damaged|is not what was written)/);
      else expect(told).toEqual(right);
      if (typeof told === 'string') refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(pages);
});

/** The contents, or how it was refused. */
async function opened(directory: string): Promise<string[] | string> {
  try {
    await using store = await openStore({ directory });
    return contents(store);
  } catch (error) {
    return error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : String(error);
  }
}

function damaged(log: string, page: number, harm: (bytes: Buffer) => void): string {
  const directory = folder();
  const copy = join(directory, 'log.db');
  copyFileSync(log, copy);
  const bytes = readFileSync(copy);
  harm(bytes.subarray(page * PAGE, (page + 1) * PAGE));
  writeFileSync(copy, bytes);
  return directory;
}

function erased(page: Buffer): void {
  page.fill(0);
}

function scratched(page: Buffer): void {
  page.fill(0xa5, 1000, 1200);
}

function flipped(page: Buffer): void {
  const at = page.length - 30;
  page[at] = (page[at] ?? 0) ^ 1;
}

test('a byte that changed on the disk is noticed by its sum, and named', async () => {
  const directory = folder();
  {
    await using store = await openStore({ directory });
    await put(store, 'a', 'one hundred');
  }
  const log = join(directory, 'log.db');
  const bytes = readFileSync(log);
  bytes.write('two', bytes.indexOf('one hundred'));
  writeFileSync(log, bytes);
  await expect(openStore({ directory })).rejects.toThrow('b/a at revision 1 is not what was written');
});

test('a torn last write of the journal is forgotten, and what came before it stays', async () => {
  const directory = folder();
  const copy = folder();
  await using store = await openStore({ directory });
  for (let n = 0; n < 20; n += 1) await put(store, `k${n}`, 'x'.repeat(500));
  cpSync(directory, copy, { recursive: true });
  const journal = join(copy, 'log.db-wal');
  writeFileSync(journal, readFileSync(journal).subarray(0, -700));
  await using again = await openStore({ directory: copy });
  expect(again.count('b')).toBe(19);
});

test('a data directory of the first layout opens, keeps its contents, and is brought up to date', async () => {
  const directory = folder();
  const old = new DatabaseSync(join(directory, 'log.db'));
  old.exec(`CREATE TABLE log (id INTEGER PRIMARY KEY, bucket TEXT NOT NULL, name TEXT NOT NULL, previous INTEGER NOT NULL, deleted INTEGER NOT NULL,
    sealed INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE (bucket, name, previous));
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO facts VALUES ('layout', 1), ('compacted', 2);
    INSERT INTO log VALUES (3, 'b', 'a', 2, 0, 0, x'6f6c64'), (5, 'b', 'c', 4, 1, 0, x'64')`);
  old.close();
  {
    await using store = await openStore({ directory });
    expect(contents(store)).toEqual(['a@3 old']);
    expect([store.revision, store.compacted]).toEqual([5, 2]);
    await put(store, 'c', 'new');
  }
  await using store = await openStore({ directory });
  expect(contents(store)).toEqual(['a@3 old', 'c@6 new']);
  expect(store.since('b', 5).map((event) => event.previous)).toEqual([undefined]);
});

test('a data directory of a newer version is left alone', async () => {
  const directory = folder();
  {
    await using store = await openStore({ directory });
    await put(store, 'a', 'x');
  }
  const database = new DatabaseSync(join(directory, 'log.db'));
  database.exec(`UPDATE facts SET value = 99 WHERE name = 'layout'`);
  database.close();
  await expect(openStore({ directory })).rejects.toThrow('made by a newer version');
});
