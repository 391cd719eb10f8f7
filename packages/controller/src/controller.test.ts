import type { Informer, KubeObject, ObjectKey } from '@crownlabs/client';
import { afterEach, expect, test } from 'vitest';
import { controller } from './controller.ts';
import { manualSource, ownedByKind, specChanged, watched } from './source.ts';

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

function running(reconcile: (key: ObjectKey) => Promise<{ afterMs: number } | undefined>, workers = 2) {
  const source = manualSource();
  const stop = new AbortController();
  stops.push(stop);
  const made = controller({ name: 'test', reconcile, sources: [source], workers });
  const ended = made.run(stop.signal);
  return { source, made, stop, ended };
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('a key is worked on by one worker at a time, and a change meanwhile is not lost', async () => {
  let active = 0;
  let runs = 0;
  const { source, made } = running(async () => {
    active += 1;
    expect(active).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 10));
    active -= 1;
    runs += 1;
    return undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 1));
  source.enqueue({ name: 'a' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  source.enqueue({ name: 'a' });
  source.enqueue({ name: 'a' });
  await until(() => made.idle() && runs > 0);
  expect(runs).toBe(2);
});

test('what fails is tried again with back-off, what asks for later comes back later', async () => {
  const seen: string[] = [];
  let fail = 2;
  const { source } = running(async ({ name }) => {
    seen.push(name);
    if (name === 'bad' && fail-- > 0) throw new Error('not yet');
    return name === 'later' && seen.filter((it) => it === 'later').length < 2 ? { afterMs: 10 } : undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 1));
  source.enqueue({ name: 'bad' });
  source.enqueue({ name: 'later' });
  await until(() => seen.length === 5);
  expect(seen.toSorted()).toEqual(['bad', 'bad', 'bad', 'later', 'later']);
});

test('stopping waits for the reconcile that is on its way', async () => {
  let finished = false;
  const { source, stop, ended } = running(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    finished = true;
    return undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 1));
  source.enqueue({ name: 'a' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await ended;
  expect(finished).toBe(true);
});

function object(name: string, extra: object = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace: 'lab', ...extra } };
}

/** An informer whose changes the test makes. */
function told(...changes: [KubeObject | undefined, KubeObject | undefined][]): Informer<KubeObject> {
  return {
    hasSynced: true,
    synced: async () => undefined,
    get: () => undefined,
    list: () => [],
    byIndex: () => [],
    onChange(listener) {
      for (const [now, before] of changes) listener(now, before);
      return () => undefined;
    },
  };
}

test('a change concerns whom it was mapped to before and after', () => {
  const keys: ObjectKey[] = [];
  const moved = told([object('a', { labels: { to: 'y' } }), object('a', { labels: { to: 'x' } })]);
  watched(moved, { keys: (it) => [{ name: it.metadata.labels?.['to'] ?? '' }] }).start((key) => keys.push(key));
  expect(keys).toEqual([{ name: 'x' }, { name: 'y' }]);
});

test('a child concerns its controller, and a status write is no change of the spec', () => {
  const keys: ObjectKey[] = [];
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Owner', name: 'o', uid: '1', controller: true }];
  const child = object('a', { ownerReferences, generation: 1 });
  ownedByKind(told([child, undefined]), { kind: 'Owner', namespaced: true }).start((key) => keys.push(key));
  ownedByKind(told([child, undefined]), { kind: 'Other', namespaced: true }).start((key) => keys.push(key));
  expect(keys).toEqual([{ namespace: 'lab', name: 'o' }]);
  expect(specChanged(object('a', { generation: 1, resourceVersion: '2' }), object('a', { generation: 1, resourceVersion: '1' }))).toBe(
    false,
  );
  expect(specChanged(object('a', { generation: 1, labels: { a: 'b' } }), object('a', { generation: 1 }))).toBe(true);
});

test('what was worked on is told of afterwards, also when the work failed', async () => {
  const seen: string[] = [];
  const source = manualSource();
  const stop = new AbortController();
  stops.push(stop);
  const made = controller({
    name: 'test',
    sources: [source],
    reconcile: async ({ name }) => {
      seen.push(`work ${name}`);
      if (name === 'bad' && seen.filter((it) => it === 'work bad').length === 1) throw new Error('not yet');
      return undefined;
    },
    report: async ({ name }) => {
      seen.push(`tell ${name}`);
      return undefined;
    },
  });
  void made.run(stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 1));
  source.enqueue({ name: 'good' });
  await until(() => made.idle(100));
  source.enqueue({ name: 'bad' });
  await until(() => made.idle(100) && seen.length >= 6);
  expect(seen).toEqual(['work good', 'tell good', 'work bad', 'tell bad', 'work bad', 'tell bad']);
});
