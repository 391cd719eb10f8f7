import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type LogEvent, openStore, type Store } from './index.ts';

const text = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes).toString() : undefined);
const put = (store: Store, name: string, value: string, expected = store.get('b', name)?.revision ?? 0) =>
  store.write({ bucket: 'b', name, expected, encode: (revision) => ({ bytes: Buffer.from(`${value}@${revision}`) }) });
const drop = (store: Store, name: string) =>
  store.write({
    bucket: 'b',
    name,
    expected: store.get('b', name)?.revision ?? 0,
    deleted: true,
    encode: () => ({ bytes: Buffer.from('gone') }),
  });

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'store-'));
  folders.push(made);
  return made;
}
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

test('what was acknowledged is there after a restart, with its revision', async () => {
  const directory = folder();
  {
    await using store = await openStore({ directory });
    await Promise.all([put(store, 'a', 'one'), put(store, 'c', 'three')]);
    await put(store, 'a', 'two');
    await drop(store, 'c');
  }
  await using again = await openStore({ directory });
  expect(again.revision).toBe(4);
  expect(again.list('b').entries.map((one) => text(one.bytes))).toEqual(['two@3']);
  // A name that was deleted can be made again, also after a restart.
  await put(again, 'c', 'back');
  expect(text(again.get('b', 'c')?.bytes)).toBe('back@5');
});

test('of two writers who expect the same state one wins, and the loser sees what won', async () => {
  await using store = await openStore();
  const results = await Promise.allSettled([put(store, 'a', 'first', 0), put(store, 'a', 'second', 0)]);
  expect(results.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
  expect(text(store.get('b', 'a')?.bytes)).toBe('first@1');
});

test('a list at a revision shows the past, in order and in pages', async () => {
  await using store = await openStore();
  for (const name of ['d', 'a', 'c']) await put(store, name, name);
  const then = store.revision;
  await put(store, 'b', 'new');
  await put(store, 'a', 'changed');
  await drop(store, 'd');
  expect(store.listAt('b', then).entries.map((one) => text(one.bytes))).toEqual(['a@2', 'c@3', 'd@1']);
  expect(store.listAt('b', then, { after: 'a', limit: 1 })).toMatchObject({ entries: [{ name: 'c' }], remaining: 1 });
  expect(store.list('b').entries.map((one) => one.name)).toEqual(['a', 'b', 'c']);
});

test('a watcher gets every change once, with the state before, whether it was there or replays', async () => {
  await using store = await openStore();
  const live: LogEvent[] = [];
  store.subscribe('b', (events) => live.push(...events));
  await put(store, 'a', 'one');
  await Promise.all([put(store, 'a', 'two'), put(store, 'b', 'x')]);
  await drop(store, 'a');
  await put(store, 'a', 'again');
  const seen = (events: readonly LogEvent[]) =>
    events.map((one) => [one.revision, one.deleted, text(one.entry.bytes), text(one.previous?.bytes)]);
  expect(seen(live)).toEqual([
    [1, false, 'one@1', undefined],
    [2, false, 'two@2', 'one@1'],
    [3, false, 'x@3', undefined],
    [4, true, 'gone', 'two@2'],
    [5, false, 'again@5', undefined],
  ]);
  expect(seen(store.since('b', 0))).toEqual(seen(live));
  expect(seen(store.since('b', 3))).toEqual(seen(live).slice(3));
});

test('compaction forgets history, keeps what lives, and says Expired', async () => {
  const directory = folder();
  {
    await using store = await openStore({ directory });
    for (let round = 0; round < 600; round += 1) await put(store, `k${round % 3}`, `v${round}`);
    await drop(store, 'k2');
    await store.compact(store.revision - 1);
    expect(() => store.since('b', 10)).toThrow(/too old resource version/);
    expect(store.since('b', store.revision - 1).map((one) => one.deleted)).toEqual([true]);
    await store.compact(store.revision);
    await put(store, 'k2', 'reborn');
  }
  await using again = await openStore({ directory });
  expect(again.list('b').entries.map((one) => one.name)).toEqual(['k0', 'k1', 'k2']);
});

test('a data directory has one owner, and a second process is told who', async () => {
  const directory = folder();
  await using store = await openStore({ directory });
  await put(store, 'a', 'x');
  await expect(openStore({ directory })).rejects.toThrow(new RegExp(`in use by process ${process.pid}`));
});

test('a new epoch jumps ahead and forgets what came before', async () => {
  const directory = folder();
  {
    await using store = await openStore({ directory });
    await put(store, 'a', 'x');
  }
  await using store = await openStore({ directory, newEpoch: true });
  expect(store.revision).toBe(2 ** 32);
  expect(() => store.since('b', 1)).toThrow(/too old/);
  await put(store, 'b', 'y');
  expect(store.list('b').entries.map((one) => one.revision)).toEqual([1, 2 ** 32 + 1]);
});

test('sealed buckets cannot be read without their key', async () => {
  const directory = folder();
  const seal = { key: Buffer.alloc(32, 7), covers: (bucket: string) => bucket === 'b' };
  {
    await using store = await openStore({ directory, seal });
    await put(store, 'a', 'secret');
  }
  {
    await using store = await openStore({ directory, seal });
    expect(text(store.get('b', 'a')?.bytes)).toBe('secret@1');
  }
  await expect(openStore({ directory })).rejects.toThrow(/no key/);
  await expect(openStore({ directory, seal: { ...seal, key: Buffer.alloc(32, 8) } })).rejects.toThrow(/cannot be opened/);
});
