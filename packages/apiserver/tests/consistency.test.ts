import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@crownlabs/store';
import { expect, onTestFinished, test } from 'vitest';
import { startTestApi, type TestApi } from '../src/fakes/test-api.ts';

// A test for each consistency bug in the track record of etcd's robustness suite, by the theme of its title. docs/consistency.md lists them.

const MAPS = '/api/v1/namespaces/default/configmaps';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'consistency-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function put(api: TestApi, name: string, n = 0): Promise<number> {
  const body = { data: { n: String(n) } };
  const patched = await api.send('PATCH', `${MAPS}/${name}`, body);
  const { body: object } = patched.status === 404 ? await api.send('POST', MAPS, { metadata: { name }, ...body }) : patched;
  return Number(object.metadata.resourceVersion);
}

/** The next events of a watch: type, name and revision. */
async function told(api: TestApi, query: string, count: number): Promise<string[]> {
  const stop = new AbortController();
  const events: string[] = [];
  const end = setTimeout(() => stop.abort(), 2_000);
  for await (const { type, object } of api.watch(`${MAPS}?watch=1&${query}`, stop.signal)) {
    const { name = '', resourceVersion } = object.metadata as { name?: string; resourceVersion?: string };
    events.push(`${type} ${name} ${resourceVersion}`);
    if (events.length === count) break;
  }
  clearTimeout(end);
  stop.abort();
  return events;
}

/** The data directory of a store that many wrote to, copied while they did: what a crash leaves. */
async function underLoad<T>(meanwhile: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>) {
  const directory = folder();
  await using store = await openStore({ directory });
  const acknowledged = new Map<string, number>();
  const write = async (writer: number) => {
    for (let n = 0; n < 60; n += 1) {
      const name = `${writer}/${n % 7}`;
      const expected = store.get('b', name)?.revision ?? 0;
      const { revision } = await store.write({ bucket: 'b', name, expected, encode: () => ({ bytes: Buffer.from(`${n}`) }) });
      acknowledged.set(name, revision);
    }
  };
  const writing = Promise.all(Array.from({ length: 6 }, (_, writer) => write(writer)));
  await sleep(3);
  const copy = join(folder(), 'log.db');
  await meanwhile(store);
  const sure = new Map(acknowledged);
  const revision = store.revision;
  await store.backup(copy);
  await writing;
  return { copy: join(copy, '..'), sure, revision };
}

/** Opens what is left, and writes on; whether nothing that was acknowledged is missing. */
async function whole({ copy, sure, revision }: Awaited<ReturnType<typeof underLoad>>): Promise<boolean> {
  await using again = await openStore({ directory: copy });
  const kept = [...sure].every(([name, at]) => (again.get('b', name)?.revision ?? 0) >= at);
  const { revision: next } = await again.write({ bucket: 'b', name: 'next', expected: 0, encode: () => ({ bytes: Buffer.from('x') }) });
  return kept && next > revision && again.list('b').entries.every((one) => one.revision <= next);
}

test('13766: after a crash under high load, revisions and contents agree', async () => {
  expect(await whole(await underLoad(async () => sleep(5)))).toBe(true);
});

test('14370: a single node does not acknowledge before the write is on disk', async () => {
  const directory = folder();
  await using store = await openStore({ directory });
  for (let n = 0; n < 5; n += 1) {
    await store.write({ bucket: 'b', name: `k${n}`, expected: 0, encode: () => ({ bytes: Buffer.from('x') }) });
    const copy = folder();
    await store.backup(join(copy, 'log.db'));
    await using left = await openStore({ directory: copy });
    expect(left.get('b', `k${n}`)).toBeDefined();
  }
});

test('14571: authorization that changes while others write changes nothing else, and holds at once after a restart', async () => {
  const directory = folder();
  const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'ann' };
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
  let revision: number;
  {
    await using api = await startTestApi({ directory });
    const writes = Promise.all(Array.from({ length: 10 }, (_, n) => put(api, `k${n}`)));
    await api.send('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'ann' }, rules });
    await api.send('POST', binding, { metadata: { name: 'ann' }, roleRef, subjects: [{ kind: 'User', name: 'ann' }] });
    expect(new Set(await writes).size).toBe(10);
    revision = api.server.store.revision;
  }
  await using api = await startTestApi({ directory });
  expect(api.server.store.revision).toBe(revision);
  const ann = api.server.transport({ username: 'ann', groups: ['system:authenticated'] });
  expect((await ann({ method: 'GET', path: MAPS })).status).toBe(200);
  expect((await ann({ method: 'DELETE', path: `${MAPS}/k1` })).status).toBe(403);
});

test('14685: space given back while others write leaves revisions and contents as they were', async () => {
  expect(await whole(await underLoad((store) => store.compact(store.revision - 5)))).toBe(true);
});

test('15220: a bookmark never runs ahead of the events of its stream', async () => {
  await using api = await startTestApi();
  const from = api.server.store.revision;
  const stop = new AbortController();
  let last = from;
  let bookmarks = 0;
  const writing = (async () => {
    for (let n = 0; n < 150; n += 1) {
      await put(api, `k${n % 3}`, n);
      await sleep(10);
    }
  })();
  // Before it ends, a watch with bookmarks is told how far it is.
  const path = `${MAPS}?watch=1&resourceVersion=${from}&allowWatchBookmarks=true&timeoutSeconds=3`;
  for await (const { type, object } of api.watch(path, stop.signal)) {
    const { resourceVersion } = object.metadata as unknown as { resourceVersion: string };
    if (type === 'BOOKMARK') {
      bookmarks += 1;
      expect(Number(resourceVersion)).toBeGreaterThanOrEqual(last);
    } else expect(Number(resourceVersion)).toBeGreaterThan(last);
    last = Number(resourceVersion);
  }
  await writing;
  expect(bookmarks).toBeGreaterThan(0);
});

test('15271: a watch that goes on after a broken connection never goes back in time', async () => {
  await using api = await startTestApi();
  let at = api.server.store.revision;
  const wrote: string[] = [];
  const seen: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    wrote.push(String(await put(api, 'a', round * 2)), String(await put(api, 'a', round * 2 + 1)));
    const [event = ''] = await told(api, `resourceVersion=${at}`, 1);
    at = Number(event.split(' ')[2]);
    seen.push(String(at));
  }
  expect(seen).toEqual(wrote.slice(0, 12));
});

test('17247: what changes nothing makes no event, and what is written once is told once', async () => {
  await using api = await startTestApi();
  const from = await put(api, 'a', 1);
  await put(api, 'a', 1);
  await put(api, 'a', 1);
  const next = await put(api, 'a', 2);
  const last = await put(api, 'b', 1);
  expect(await told(api, `resourceVersion=${from}`, 2)).toEqual([`MODIFIED a ${next}`, `ADDED b ${last}`]);
});

test('17529: a watcher who reads slowly misses nothing', async () => {
  await using api = await startTestApi();
  const from = api.server.store.revision;
  const stop = new AbortController();
  const seen: number[] = [];
  const slow = (async () => {
    for await (const { object } of api.watch(`${MAPS}?watch=1&resourceVersion=${from}`, stop.signal)) {
      seen.push(Number((object.metadata as unknown as { resourceVersion: string }).resourceVersion));
      if (seen.length % 50 === 1) await sleep(20);
      if (seen.length === 300) break;
    }
  })();
  const wrote: number[] = [];
  for (let n = 0; n < 300; n += 1) wrote.push(await put(api, `k${n % 4}`, n));
  await slow;
  expect(seen).toEqual(wrote);
});

test('17780: revisions never decrease over a crash in the middle of compaction', async () => {
  const directory = folder();
  const copy = folder();
  let revision: number;
  {
    await using store = await openStore({ directory });
    for (let n = 0; n < 900; n += 1) {
      const expected = store.get('b', 'a')?.revision ?? 0;
      await store.write({ bucket: 'b', name: 'a', expected, deleted: n === 899, encode: () => ({ bytes: Buffer.from('x') }) });
    }
    revision = store.revision;
    // Everything is forgotten, to the last tombstone; the copy is of the moment when only some of it is gone.
    const compacting = store.compact(revision);
    await store.backup(join(copy, 'log.db'));
    await compacting;
  }
  for (const left of [copy, directory]) {
    await using store = await openStore({ directory: left });
    expect(store.revision).toBe(revision);
    expect(store.list('b').entries).toEqual([]);
    expect(() => store.since('b', revision - 1)).toThrow('too old');
  }
});

test('18089: compaction at the revision of a deletion drops no event of those who watch', async () => {
  await using api = await startTestApi();
  const created = await put(api, 'a');
  const watching = told(api, `resourceVersion=${created}`, 3);
  await api.send('DELETE', `${MAPS}/a`);
  const deleted = api.server.store.revision;
  await api.server.store.compact(deleted);
  const again = await put(api, 'a', 2);
  const last = await put(api, 'a', 3);
  expect(await watching).toEqual([`DELETED a ${deleted}`, `ADDED a ${again}`, `MODIFIED a ${last}`]);
  expect(await told(api, `resourceVersion=${deleted}`, 2)).toEqual([`ADDED a ${again}`, `MODIFIED a ${last}`]);
});

test('18667: reading a forgotten revision is refused as a whole; nothing is half of then and half of now', async () => {
  await using api = await startTestApi();
  for (let n = 0; n < 6; n += 1) await put(api, `k${n}`);
  const { body: page } = await api.send('GET', `${MAPS}?limit=2`);
  for (let n = 0; n < 6; n += 1) await put(api, `k${n}`, 7);
  const rest = async () => api.send('GET', `${MAPS}?limit=9&continue=${encodeURIComponent(page.metadata.continue)}`);
  const { body: before } = await rest();
  expect(before.metadata.resourceVersion).toBe(page.metadata.resourceVersion);
  expect(before.items.map((one: { data: { n: string } }) => one.data.n)).toEqual(['0', '0', '0', '0']);
  await api.server.store.compact(api.server.store.revision);
  const { status, body } = await rest();
  expect([status, body.reason]).toEqual([410, 'Expired']);
});

test('18667: a list that needs several looks is of one revision, also when others write between them', async () => {
  await using api = await startTestApi();
  const labels = (chosen: boolean) => ({ chosen: String(chosen) });
  for (let n = 0; n < 400; n += 1) {
    await api.send('POST', MAPS, { metadata: { name: `k${1000 + n}`, labels: labels(n % 40 === 0) } });
  }
  const listing = api.send('GET', `${MAPS}?limit=10&labelSelector=chosen%3Dtrue`);
  const writing = Array.from({ length: 400 }, (_, n) => api.send('PATCH', `${MAPS}/k${1000 + n}`, { data: { late: 'yes' } }));
  const { body } = await listing;
  await Promise.all(writing);
  const least = Number(body.metadata.resourceVersion);
  expect(body.items).toHaveLength(10);
  for (const one of body.items) expect(Number(one.metadata.resourceVersion)).toBeLessThanOrEqual(least);
});

test('19179: a watch from the very revision of the compaction is told the deletion that follows it', async () => {
  await using api = await startTestApi();
  const created = await put(api, 'a');
  await api.send('DELETE', `${MAPS}/a`);
  const deleted = api.server.store.revision;
  await api.server.store.compact(created);
  expect(await told(api, `resourceVersion=${created}`, 1)).toEqual([`DELETED a ${deleted}`]);
  const [gone = ''] = await told(api, `resourceVersion=${created - 1}`, 1);
  expect(gone).toMatch(/^ERROR/);
});

test('20221: a watch from a revision that is still to come is told nothing older', async () => {
  await using api = await startTestApi();
  const now = await put(api, 'a');
  const watching = told(api, `resourceVersion=${now + 3}&allowWatchBookmarks=true`, 1);
  for (let n = 1; n <= 3; n += 1) await put(api, 'a', n);
  const next = await put(api, 'b');
  expect(next).toBe(now + 4);
  expect(await watching).toEqual([`ADDED b ${next}`]);
});
