import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig, makeInformer, type V1ConfigMap } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

test('an informer of the JavaScript client holds through changes, compaction and a restart of the server', {
  timeout: 120_000,
}, async () => {
  await using cluster = await Cluster.start();
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = 'default';
  const list = () => core.listNamespacedConfigMap({ namespace });
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
  const known = new Map<string, string>();
  let lists = 0;
  informer.on('add', remember);
  informer.on('update', remember);
  informer.on('delete', ({ metadata }: V1ConfigMap) => void known.delete(metadata?.name ?? ''));
  informer.on('connect', () => void (lists += 1));
  // The client stops at an error, and says that starting again is the caller's part.
  informer.on('error', () => void sleep(100).then(() => informer.start().catch(() => undefined)));
  await informer.start();

  const put = (name: string, n: number) =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { n: String(n) } } });
  await put('a', 1);
  await put('b', 1);
  await expect
    .poll(() => [...known], { timeout: 10_000 })
    .toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);

  await cluster.restart();
  await core.deleteNamespacedConfigMap({ namespace, name: 'a' });
  await put('c', 1);
  await expect.poll(() => [...known.keys()].toSorted(), { timeout: 20_000 }).toEqual(['b', 'c']);

  // While it is away, what it knows is forgotten: it must be told 410, and list again.
  await informer.stop();
  const away = config.makeApiClient(CoreV1Api);
  await away.deleteNamespacedConfigMap({ namespace, name: 'b' });
  await put('d', 1);
  await cluster.server.store.compact(cluster.server.store.revision);
  await informer.start();
  await put('e', 1);
  await expect.poll(() => [...known.keys()].toSorted(), { timeout: 20_000 }).toEqual(['c', 'd', 'e']);
  expect(lists).toBeGreaterThan(1);
  await informer.stop();

  function remember({ metadata, data }: V1ConfigMap): void {
    // Every namespace has an object of the system's own.
    if (data?.['n']) known.set(metadata?.name ?? '', data['n']);
  }
});
