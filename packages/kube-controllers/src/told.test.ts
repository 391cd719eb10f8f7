import { createApiServer } from '@crownlabs/apiserver';
import {
  createClient,
  deployments,
  events,
  jobs,
  type KubeClient,
  namespaces,
  nodes,
  podDisruptionBudgets,
  pods,
  resourceQuotas,
  serviceAccounts,
} from '@crownlabs/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chosenControllers, startKubeControllers } from './index.ts';

const stop = new AbortController();
let root: KubeClient;
let close: () => PromiseLike<void>;

beforeAll(async () => {
  const signingKey = { read: async () => undefined, write: async () => undefined };
  const server = await createApiServer({ signingKey, admission: { without: ['ServiceAccount'] } });
  root = createClient(server.transport({ username: 'root', groups: ['system:masters'] }), { fieldManager: 'test' });
  const client = createClient(server.transport({ username: 'system:kube-controller-manager', groups: [] }), { fieldManager: 'kcm' });
  const running = startKubeControllers({ client, rootCa: 'PEM', controllers: chosenControllers(['*', '-endpoint']) }, stop.signal);
  close = async () => {
    stop.abort();
    await running.stopped;
    await server[Symbol.asyncDispose]();
  };
  await root.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' } });
  const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, conditions: [{ type: 'Ready', status: 'True' }] };
  await root.patch(nodes, 'one', undefined, { status, spec: { taints: null } }, { subresource: 'status' });
});
afterAll(async () => close());

async function place(name: string): Promise<string> {
  await root.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await expect.poll(() => root.find(serviceAccounts, 'default', name)).toBeDefined();
  return name;
}

const template = (labels: Record<string, string>) => ({ metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } });

function deployment(namespace: string, replicas: number) {
  const labels = { app: 'web' };
  const spec = { replicas, selector: { matchLabels: labels }, template: template(labels) };
  return root.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace }, spec });
}

/** What was told about a kind in a place: who, what, and in which words. */
async function told(namespace: string, kind: string): Promise<string[]> {
  const { items } = await root.list(events, { namespace });
  return items
    .filter(({ involvedObject }) => involvedObject.kind === kind)
    .map(({ type, reason, message, source }) => `${source?.component} ${type} ${reason}: ${message}`);
}

test('a Deployment, its set and its pods tell what is done for them, in the words of Kubernetes', async () => {
  const where = await place('told');
  await deployment(where, 2);
  await expect.poll(async () => (await root.list(pods, { namespace: where })).items.filter(({ spec }) => spec?.nodeName)).toHaveLength(2);
  const [first] = (await root.list(pods, { namespace: where })).items;
  const set = first?.metadata.ownerReferences?.[0]?.name ?? '';
  await expect
    .poll(() => told(where, 'Deployment'))
    .toEqual([`deployment-controller Normal ScalingReplicaSet: Scaled up replica set ${set} from 0 to 2`]);
  const name = first?.metadata.name ?? '';
  await expect.poll(() => told(where, 'ReplicaSet')).toContain(`replicaset-controller Normal SuccessfulCreate: Created pod: ${name}`);
  await expect.poll(() => told(where, 'Pod')).toContain(`default-scheduler Normal Scheduled: Successfully assigned told/${name} to one`);
  await root.patch(deployments, 'web', where, { spec: { replicas: 1 } });
  await expect
    .poll(() => told(where, 'Deployment'))
    .toContain(`deployment-controller Normal ScalingReplicaSet: Scaled down replica set ${set} from 2 to 1`);
  await expect
    .poll(async () => (await told(where, 'ReplicaSet')).some((line) => line.includes('SuccessfulDelete: Deleted pod: web-')))
    .toBe(true);
});

test('a set that may not create pods says why', async () => {
  const where = await place('full');
  const spec = { hard: { pods: '0' } };
  await root.create(resourceQuotas, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace: where }, spec });
  await deployment(where, 1);
  await expect
    .poll(async () => (await told(where, 'ReplicaSet')).join('\n'))
    .toMatch(/replicaset-controller Warning FailedCreate: Error creating: pods "web-.*" is forbidden: exceeded quota: none/);
});

test('a Job tells how it ended', async () => {
  const where = await place('jobs');
  const job = (name: string, more: object = {}) => {
    const spec = { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...more };
    return root.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: where }, spec });
  };
  const end = async (name: string, phase: string) => {
    const own = async () => (await root.list(pods, { namespace: where, labelSelector: `job-name=${name}` })).items[0]?.metadata.name;
    await expect.poll(own).toBeDefined();
    await root.patch(pods, (await own()) ?? '', where, { status: { phase } }, { subresource: 'status' });
  };
  await job('good');
  await job('bad');
  await job('waiting', { suspend: true });
  await end('good', 'Succeeded');
  await end('bad', 'Failed');
  const all = () => told(where, 'Job');
  await expect.poll(all).toContain('job-controller Normal Completed: Job completed');
  await expect.poll(all).toContain('job-controller Warning BackoffLimitExceeded: Job has reached the specified backoff limit');
  await expect.poll(all).toContain('job-controller Normal Suspended: Job suspended');
});

test('a budget counts the pods that serve, and an eviction takes from it', async () => {
  const where = await place('budget');
  await deployment(where, 3);
  const spec = { maxUnavailable: '34%', selector: { matchLabels: { app: 'web' } } };
  const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'web', namespace: where }, spec };
  await root.create(podDisruptionBudgets, budget);
  const list = async () => (await root.list(pods, { namespace: where })).items;
  await expect.poll(list).toHaveLength(3);
  const status = async () => (await root.get(podDisruptionBudgets, 'web', where)).status;
  const insufficient = { type: 'DisruptionAllowed', status: 'False', reason: 'InsufficientPods' };
  await expect
    .poll(status)
    .toMatchObject({ expectedPods: 3, desiredHealthy: 1, currentHealthy: 0, disruptionsAllowed: 0, conditions: [insufficient] });
  const conditions = [{ type: 'Ready', status: 'True' }];
  for (const { metadata } of (await list()).slice(0, 2)) {
    await root.patch(pods, metadata.name, where, { status: { phase: 'Running', conditions } }, { subresource: 'status' });
  }
  await expect.poll(status).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
  const [first, second] = await list();
  const evict = (name = '') =>
    root.raw('POST', `/api/v1/namespaces/${where}/pods/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name },
    });
  await evict(first?.metadata.name);
  // The next one comes at once, before any controller has looked.
  await expect(evict(second?.metadata.name)).rejects.toMatchObject({
    code: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
  });
});
