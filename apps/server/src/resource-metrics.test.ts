import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PodStats } from '@crownlabs/agent';
import { startApiServer } from '@crownlabs/apiserver';
import { scope, silent, systemClock } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { must } from '../../../e2e/kubectl.ts';
import { resourceMetrics } from './resource-metrics.ts';
import type { MetricsSource } from './usage-sampler.ts';

const LABELS = { app: 'desk' };

/** A node that spends half a core in a pod, and a whole one altogether. */
function fakeNode(): MetricsSource {
  const started = systemClock.now();
  const spent = (cores: number) => (systemClock.now() - started) * 1_000_000 * cores;
  const pod = (name: string, cpuNanoCores: number | undefined): PodStats => ({
    namespace: 'default',
    name,
    uid: name,
    labels: name === 'desk' ? LABELS : {},
    containers: [{ name: 'main', cpuNanoCores, cpuNanoseconds: spent(0.5), memoryBytes: 64 * 2 ** 20, at: systemClock.now() }],
  });
  return {
    nodeName: 'one',
    nodeLabels: async () => ({ 'kubernetes.io/hostname': 'one' }),
    podStats: async () => [pod('desk', 500_000_000), pod('other', 1_234_567), pod('new', undefined)],
    machine: () => ({ cpuNanoseconds: spent(1), memoryBytes: 3 * 2 ** 30 }),
  };
}

async function api(owned: ReturnType<typeof scope>, source: () => MetricsSource | undefined) {
  const dataDir = await mkdtemp(join(tmpdir(), 'metrics-'));
  owned.defer(() => rm(dataDir, { recursive: true }));
  const started = await startApiServer(
    { dataDir, bindAddress: '127.0.0.1', securePort: 0, log: silent, localGroups: [resourceMetrics(source, systemClock)] },
    owned,
  );
  const admin = started.server.transport({ username: 'admin', groups: ['system:masters'] });
  return {
    ...started,
    async get(path: string, method: 'GET' | 'POST' = 'GET') {
      const { status, body } = await admin({ method, path: `/apis/metrics.k8s.io/v1beta1/${path}` });
      const chunks: Uint8Array[] = [];
      for await (const chunk of body) chunks.push(chunk);
      return { status, body: JSON.parse(Buffer.concat(chunks).toString()) };
    },
  };
}

test('kubectl top tells what pods and the node use', async () => {
  await using owned = scope();
  const source = fakeNode();
  const { kubeconfig, get } = await api(owned, () => source);
  const top = await must({ kubeconfig }, ['top', 'pods', '-n', 'default', '--no-headers']);
  expect(
    top
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/ +/)),
  ).toEqual([
    ['desk', '500m', '64Mi'],
    ['other', '2m', '64Mi'],
  ]);
  const { body } = await get('namespaces/default/pods/other');
  expect(body).toMatchObject({ kind: 'PodMetrics', containers: [{ name: 'main', usage: { cpu: '1234567n', memory: '64Mi' } }] });
  expect(body.window).toMatch(/^\d+\.\d{3}s$/);
  const node = (await get('nodes')).body.items[0];
  expect(node).toMatchObject({ metadata: { name: 'one' }, usage: { memory: '3Gi' } });
  expect(await must({ kubeconfig }, ['api-resources', '--api-group=metrics.k8s.io', '-o', 'name'])).toBe(
    'nodes.metrics.k8s.io\npods.metrics.k8s.io\n',
  );
});

test('lists are selected, what is missing is not found, and nothing can be written', async () => {
  await using owned = scope();
  const source = fakeNode();
  const { get } = await api(owned, () => source);
  const names = async (query: string) =>
    (await get(`pods${query}`)).body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  expect(await names('?labelSelector=app%3Ddesk')).toEqual(['desk']);
  expect(await names('?fieldSelector=metadata.name%3Dother')).toEqual(['other']);
  expect(await names('?labelSelector=app%3Dnone')).toEqual([]);
  expect(await get('namespaces/default/pods/none')).toMatchObject({
    status: 404,
    body: { reason: 'NotFound', message: 'podmetrics.metrics.k8s.io "default/none" not found' },
  });
  expect((await get('namespaces/default/pods/desk', 'POST')).status).toBe(405);
});

test('before there is a node, nothing is listed', async () => {
  await using owned = scope();
  const { get } = await api(owned, () => undefined);
  expect((await get('nodes')).body.items).toEqual([]);
});
