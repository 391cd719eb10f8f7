import type { KubeClient } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { leading } from './leader-election.ts';

/** The one Lease of a cluster, with optimistic concurrency. */
function oneLease(): KubeClient {
  let lease: { metadata: { resourceVersion: string } } | undefined;
  let version = 0;
  const put = (object: object) => {
    version += 1;
    lease = { ...object, metadata: { ...(object as { metadata: object }).metadata, resourceVersion: String(version) } };
    return lease as never;
  };
  const only: Pick<KubeClient, 'find' | 'create' | 'replace'> = {
    find: async () => lease as never,
    create: async (_resource, object) => {
      if (lease) throw new LabError('AlreadyExists', 'taken');
      return put(object);
    },
    replace: async (_resource, object) => {
      if (lease?.metadata.resourceVersion !== object.metadata.resourceVersion) throw new LabError('Conflict', 'somebody was faster');
      return put(object);
    },
  };
  return only as KubeClient;
}

test('one candidate works; the other takes over when the first stops', async () => {
  const client = oneLease();
  const worked: string[] = [];
  const stopAll = new AbortController();
  const stopFirst = new AbortController();
  const run = (identity: string, signal: AbortSignal) =>
    leading(
      { client, namespace: 'lab', name: 'role', identity, leaseSeconds: 0.3 },
      async (term) => {
        worked.push(identity);
        await new Promise<void>((resolve) => term.addEventListener('abort', () => resolve()));
      },
      signal,
    ).catch(() => undefined);
  const first = run('first', stopFirst.signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const second = run('second', stopAll.signal);
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(worked).toEqual(['first']);
  stopFirst.abort();
  await first;
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(worked).toEqual(['first', 'second']);
  stopAll.abort();
  await second;
});
