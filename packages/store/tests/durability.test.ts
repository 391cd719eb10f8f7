import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openStore, type Store } from '@crownlabs/store';
import { expect, onTestFinished, test } from 'vitest';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'durability-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function put(store: Store, name: string, bytes: Uint8Array) {
  return store.write({ bucket: 'b', name, expected: store.get('b', name)?.revision ?? 0, encode: () => ({ bytes }) });
}

test('the files of a running store hold what was acknowledged at every moment, and its log does not grow for ever', async () => {
  const directory = folder();
  await using store = await openStore({ directory });
  const block = Buffer.alloc(256 * 1024, 7);
  let logBytes = 0;
  for (let round = 0; round < 40; round += 1) {
    await Promise.all(Array.from({ length: 10 }, (_, at) => put(store, `k${round % 4}-${at}`, block)));
    logBytes = Math.max(logBytes, statSync(join(directory, 'log.db-wal')).size);
    if (round % 8 !== 7) continue;
    const copy = folder();
    for (const file of ['log.db', 'log.db-wal']) copyFileSync(join(directory, file), join(copy, file));
    await using killed = await openStore({ directory: copy });
    expect(killed.revision).toBe(store.revision);
    expect(killed.list('b').entries.map(({ name, revision }) => [name, revision])).toEqual(
      store.list('b').entries.map(({ name, revision }) => [name, revision]),
    );
  }
  // 100 MB were written.
  expect(logBytes).toBeLessThan(30 * 1024 * 1024);
});

test('while the disk is busy others are served, later writes wait together, and nobody sees what is not on it yet', async () => {
  await using store = await openStore({ directory: folder() });
  const told: (readonly number[])[] = [];
  store.subscribe('b', (events) => told.push(events.map((event) => event.revision)));
  const first = put(store, 'a', Buffer.from('one'));
  await setImmediate();
  const [second, third] = [put(store, 'b', Buffer.from('two')), put(store, 'c', Buffer.from('three'))];
  const twice = put(store, 'a', Buffer.from('again'));
  expect([store.revision, store.count('b'), store.since('b', 0), told]).toEqual([0, 0, [], []]);
  await expect(twice).rejects.toThrow('b/a has changed since it was read');
  expect((await first).revision).toBe(1);
  expect(store.get('b', 'a')?.revision).toBe(1);
  await Promise.all([second, third]);
  expect(told).toEqual([[1], [2, 3]]);
});

test('a backup and a compaction among writers succeed, and the copy is whole', async () => {
  await using store = await openStore({ directory: folder() });
  const stop = new AbortController();
  let writes = 0;
  const writing = Array.from({ length: 4 }, async (_, at) => {
    while (!stop.signal.aborted) {
      await put(store, `k${at}-${writes % 200}`, Buffer.alloc(1000, at));
      writes += 1;
    }
  });
  for (let round = 0; round < 12; round += 1) {
    const copy = folder();
    const acknowledged = store.revision;
    const [copied] = await Promise.allSettled([store.backup(join(copy, 'log.db')), store.compact(store.revision - 50)]);
    expect(copied).toMatchObject({ status: 'fulfilled' });
    await using restored = await openStore({ directory: copy });
    expect(restored.revision).toBeGreaterThanOrEqual(acknowledged);
  }
  stop.abort();
  await Promise.all(writing);
  expect(writes).toBeGreaterThan(12);
});
