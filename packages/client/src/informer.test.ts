import { LabError } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { afterEach, expect, test } from 'vitest';
import { pods } from './built-in.ts';
import type { KubeClient, WatchEvent } from './client.ts';
import { createClient } from './create-client.ts';
import { informer } from './informer.ts';
import type { Kube } from './object.ts';

const stop = new Set<AbortController>();
afterEach(() => {
  for (const it of stop) it.abort();
  stop.clear();
});

function pod(name: string, resourceVersion: string, node = 'n1'): Kube<Pod> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'lab', uid: name, resourceVersion },
    spec: { containers: [], nodeName: node },
  };
}

/** A server with scripted lists; each watch delivers a script and then ends as told. */
function server(lists: Kube<Pod>[][], watches: { events: WatchEvent<Kube<Pod>>[]; end: 'close' | 'expired' | 'stay' }[]) {
  const asked: string[] = [];
  const client: KubeClient = {
    ...createClient(async () => ({ status: 500, headers: {}, body: (async function* () {})() }), { fieldManager: 'test' }),
    async list() {
      asked.push('list');
      return { items: (lists.shift() ?? []) as never[], resourceVersion: '1' };
    },
    async *watch(_resource, options, signal) {
      asked.push(`watch ${options.resourceVersion}`);
      const script = watches.shift() ?? { events: [], end: 'stay' as const };
      for (const event of script.events) yield event as never;
      if (script.end === 'expired') throw new LabError('Expired', 'too old');
      if (script.end === 'stay') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
  };
  const control = new AbortController();
  stop.add(control);
  return { client, asked, signal: control.signal };
}

async function eventually(check: () => void): Promise<void> {
  for (let i = 0; ; i += 1) {
    try {
      return check();
    } catch (error) {
      if (i > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

test('an informer holds what was listed and follows what is watched', async () => {
  const { client, signal } = server(
    [[pod('a', '1'), pod('b', '1')]],
    [
      {
        events: [
          { type: 'MODIFIED', object: pod('a', '2', 'n2') },
          { type: 'DELETED', object: pod('b', '3') },
          { type: 'ADDED', object: pod('c', '4') },
        ],
        end: 'stay',
      },
    ],
  );
  const live = informer(client, pods, { indexes: { node: (it) => [it.spec?.nodeName ?? ''] } }, signal);
  await live.synced();
  await eventually(() => expect(live.list().map((it) => it.metadata.name)).toEqual(['a', 'c']));
  expect(live.get('a', 'lab')?.metadata.resourceVersion).toBe('2');
  expect(live.byIndex('node', 'n1').map((it) => it.metadata.name)).toEqual(['c']);
  expect(live.byIndex('node', 'n2').map((it) => it.metadata.name)).toEqual(['a']);
  expect(Object.isFrozen(live.get('a', 'lab')?.spec)).toBe(true);
});

test('after the server forgot our place, what vanished meanwhile is announced as deleted', async () => {
  const { client, asked, signal } = server([[pod('a', '1'), pod('b', '1')], [pod('a', '9')]], [{ events: [], end: 'expired' }]);
  const heard: string[] = [];
  const live = informer(client, pods, {}, signal);
  live.onChange((now, before) => heard.push(`${before?.metadata.name ?? '-'}>${now?.metadata.name ?? '-'}`));
  await eventually(() => expect(heard).toEqual(['->a', '->b', 'a>a', 'b>-']));
  expect(asked).toEqual(['list', 'watch 1', 'list', 'watch 1']);
});

test('a watch that was closed goes on from the last bookmark, without a new list', async () => {
  const bookmark = { apiVersion: 'v1', kind: 'Pod', metadata: { name: '', resourceVersion: '50' } };
  const { client, asked, signal } = server([[pod('a', '1')]], [{ events: [{ type: 'BOOKMARK', object: bookmark }], end: 'close' }]);
  informer(client, pods, {}, signal);
  await eventually(() => expect(asked).toEqual(['list', 'watch 1', 'watch 50']));
});

test('whoever listens late is told of what is there already', async () => {
  const { client, signal } = server([[pod('a', '1')]], []);
  const live = informer(client, pods, {}, signal);
  await live.synced(AbortSignal.timeout(1000));
  const heard: (string | undefined)[] = [];
  live.onChange((now) => heard.push(now?.metadata.name));
  expect(heard).toEqual(['a']);
});
