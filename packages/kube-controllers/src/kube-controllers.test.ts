import { createApiServer } from '@crownlabs/apiserver';
import {
  configMaps,
  createClient,
  customResourceDefinitions,
  deployments,
  endpointSlices,
  jobs,
  type KubeClient,
  type KubeObject,
  namespacedResource,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  replicaSets,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  storageClasses,
} from '@crownlabs/client';
import { systemClock } from '@crownlabs/std';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCAL_PROVISIONER, startKubeControllers } from './index.ts';

const stop = new AbortController();
let root: KubeClient;
let close: () => PromiseLike<void>;

beforeAll(async () => {
  let pem: string | undefined;
  const server = await createApiServer({
    signingKey: {
      read: async () => pem,
      write: async (text) => {
        pem = text;
      },
    },
  });
  root = createClient(server.transport({ username: 'root', groups: ['system:masters'] }), { fieldManager: 'test' });
  const own = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] };
  const client = createClient(server.transport(own), { fieldManager: 'kube-controllers' });
  const controllers = startKubeControllers({ client, rootCa: 'PEM' }, stop.signal);
  close = async () => {
    stop.abort();
    await controllers.stopped;
    await server[Symbol.asyncDispose]();
  };
  await root.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one', labels: { 'kubernetes.io/hostname': 'one' } } });
  const allocatable = { cpu: '4', memory: '8Gi', pods: '110' };
  const status = { allocatable, capacity: allocatable, conditions: [{ type: 'Ready', status: 'True' }] };
  await root.patch(nodes, 'one', undefined, { status, spec: { taints: null } }, { subresource: 'status' });
});
afterAll(async () => close());

/** Asks until `done` says so. */
async function until<T>(ask: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const end = systemClock.now() + 4000;
  for (;;) {
    const value = await ask();
    if (done(value)) return value;
    if (systemClock.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await systemClock.sleep(2);
  }
}

async function namespace(name: string): Promise<string> {
  await root.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  await until(
    () => root.find(serviceAccounts, 'default', name),
    (account) => account !== undefined,
  );
  return name;
}

const gone = (resource: Resource, name: string, where?: string) =>
  until(
    () => root.find(resource, name, where),
    (object) => object === undefined,
  );
const container = (requests: Record<string, string> = { cpu: '100m', memory: '64Mi' }) => ({
  name: 'c',
  image: 'i',
  resources: { requests },
});

function deployment(name: string, where: string, more: Record<string, unknown> = {}) {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [container()] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: where },
    spec: { selector: { matchLabels: labels }, template, ...more },
  };
}

/** Plays the node for one pod. */
async function run(name: string, where: string, phase = 'Running', ip = '10.9.0.1'): Promise<void> {
  const conditions = [{ type: 'Ready', status: phase === 'Running' ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }];
  await root.patch(pods, name, where, { status: { phase, conditions, podIP: ip, podIPs: [{ ip }] } }, { subresource: 'status' });
}

const podsOf = async (where: string) =>
  (await root.list(pods, { namespace: where })).items.filter(({ metadata }) => !metadata.deletionTimestamp);

describe('a namespace', () => {
  test('gets its default account and the certificate of the API, and again when they are lost', async () => {
    await namespace('fresh');
    const read = () => root.find(configMaps, 'kube-root-ca.crt', 'fresh');
    expect((await until(read, (map) => map !== undefined))?.data).toEqual({ 'ca.crt': 'PEM' });
    await root.delete(configMaps, 'kube-root-ca.crt', 'fresh');
    await until(read, (map) => map !== undefined);
  });

  test('is emptied before it goes, and waits for what will not go', async () => {
    await namespace('leaving');
    const held = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: 'leaving', finalizers: ['labs.example.com/hold'] },
    };
    await root.create(configMaps, held);
    await root.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'leaving' } });
    await root.delete(namespaces, 'leaving');
    await gone(secrets, 's', 'leaving');
    const waiting = await until(
      () => root.get(namespaces, 'leaving'),
      ({ status }) =>
        status?.conditions?.some(({ type, status: value }) => type === 'NamespaceContentRemaining' && value === 'True') ?? false,
    );
    expect(waiting.status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')?.message).toContain(
      'labs.example.com/hold in 1',
    );
    await root.patch(configMaps, 'held', 'leaving', { metadata: { finalizers: null } });
    await gone(namespaces, 'leaving');
  });
});

describe('a deployment', () => {
  test('has a pod on a node within milliseconds', async () => {
    await namespace('quick');
    const bound = async () => (await podsOf('quick'))[0]?.spec?.nodeName;
    const started = performance.now();
    await root.create(deployments, deployment('d', 'quick'));
    expect(await until(bound, (node) => node !== undefined)).toBe('one');
    // Far above what it takes (about 20 ms), far below what a poll would.
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('rolls over to a new template and says so', async () => {
    await namespace('rolling');
    await root.create(deployments, deployment('d', 'rolling'));
    const [first] = await until(
      () => podsOf('rolling'),
      (all) => all.length === 1,
    );
    await run(first?.metadata.name ?? '', 'rolling');
    const read = () => root.get(deployments, 'd', 'rolling');
    await until(read, ({ status }) => status?.availableReplicas === 1);
    await root.patch(deployments, 'd', 'rolling', { spec: { template: { metadata: { labels: { app: 'd', v: '2' } } } } });
    const both = await until(
      () => podsOf('rolling'),
      (all) => all.length === 2,
    );
    const second = both.find(({ metadata }) => metadata.name !== first?.metadata.name);
    await run(second?.metadata.name ?? '', 'rolling');
    await until(
      () => podsOf('rolling'),
      (all) => all.length === 1 && all[0]?.metadata.name === second?.metadata.name,
    );
    const done = await until(read, ({ status }) => status?.conditions?.some(({ reason }) => reason === 'NewReplicaSetAvailable') ?? false);
    expect(done.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  });

  test('takes its sets and pods with it', async () => {
    await namespace('short');
    await root.create(deployments, deployment('d', 'short', { replicas: 2 }));
    await until(
      () => podsOf('short'),
      (all) => all.length === 2,
    );
    await root.delete(deployments, 'd', 'short');
    await until(
      () => podsOf('short'),
      (all) => all.length === 0,
    );
    expect((await root.list(replicaSets, { namespace: 'short' })).items).toEqual([]);
  });
});

describe('the scheduler', () => {
  test('tells a pod that fits nowhere why, with the figures, and places it when there is room', async () => {
    await namespace('full');
    const pod = (name: string, memory: string) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'full' },
      spec: { containers: [container({ memory })] },
    });
    await root.create(pods, pod('large', '6Gi'));
    await until(
      () => root.get(pods, 'large', 'full'),
      ({ spec }) => spec?.nodeName === 'one',
    );
    await root.create(pods, pod('late', '6Gi'));
    const told = await until(
      () => root.get(pods, 'late', 'full'),
      ({ status }) => status?.conditions?.[0]?.status === 'False',
    );
    expect(told.status?.conditions?.[0]).toMatchObject({ type: 'PodScheduled', reason: 'Unschedulable' });
    expect(told.status?.conditions?.[0]?.message).toMatch(
      /^0\/1 nodes are available: 1 Insufficient memory \(needs 6\.4 GB, \d\.\d GB of 8\.6 GB free\)\.$/,
    );
    await root.delete(pods, 'large', 'full', { gracePeriodSeconds: 0 });
    await until(
      () => root.get(pods, 'late', 'full'),
      ({ spec }) => spec?.nodeName === 'one',
    );
    await root.delete(pods, 'late', 'full', { gracePeriodSeconds: 0 });
  });
});

describe('garbage collection', () => {
  test('reaches kinds that were defined a moment ago, and keeps what another owner holds', async () => {
    await namespace('owners');
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await root.create(customResourceDefinitions, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'bosses.labs.example.com' },
      spec: {
        group: 'labs.example.com',
        scope: 'Namespaced',
        names: { plural: 'bosses', kind: 'Boss' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    const bosses = namespacedResource<KubeObject>('labs.example.com/v1', 'bosses', 'Boss');
    const make = (name: string) =>
      root.create(bosses, { apiVersion: 'labs.example.com/v1', kind: 'Boss', metadata: { name, namespace: 'owners' } });
    const a = await until(
      () => make('a').catch(() => undefined),
      (made) => made !== undefined,
    );
    const b = await make('b');
    const owner = (boss: KubeObject | undefined) => ({
      apiVersion: 'labs.example.com/v1',
      kind: 'Boss',
      name: boss?.metadata.name ?? '',
      uid: boss?.metadata.uid ?? '',
    });
    const secret = (name: string, ...owners: (KubeObject | undefined)[]) =>
      root.create(secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace: 'owners', ownerReferences: owners.map(owner) },
      });
    await secret('single', a);
    await secret('shared', a, b);
    await root.delete(bosses, 'a', 'owners');
    await gone(secrets, 'single', 'owners');
    const shared = await until(
      () => root.get(secrets, 'shared', 'owners'),
      ({ metadata }) => metadata.ownerReferences?.length === 1,
    );
    expect(shared.metadata.ownerReferences?.[0]?.name).toBe('b');
    await root.delete(bosses, 'b', 'owners', { propagationPolicy: 'Orphan' });
    await until(
      () => root.get(secrets, 'shared', 'owners'),
      ({ metadata }) => metadata.ownerReferences === undefined,
    );
    await gone(bosses, 'b', 'owners');
  });
});

test('a claim of the local class gets a volume and a pod can use it; both stay until the pod is gone', async () => {
  await namespace('disks');
  await root.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local' },
    provisioner: LOCAL_PROVISIONER,
  });
  const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'local', resources: { requests: { storage: '1Gi' } } };
  await root.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', namespace: 'disks' },
    spec,
  });
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }];
  await root.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'disks' },
    spec: { containers: [container()], volumes },
  });
  await until(
    () => root.get(pods, 'p', 'disks'),
    (pod) => pod.spec?.nodeName === 'one',
  );
  const claim = await root.get(persistentVolumeClaims, 'c', 'disks');
  expect(claim.status).toMatchObject({ phase: 'Bound', capacity: { storage: '1Gi' } });
  const name = claim.spec?.volumeName ?? '';
  expect((await root.get(persistentVolumes, name)).spec?.csi).toEqual({ driver: LOCAL_PROVISIONER, volumeHandle: name });
  await root.delete(persistentVolumeClaims, 'c', 'disks');
  expect((await root.get(persistentVolumeClaims, 'c', 'disks')).metadata.deletionTimestamp).toBeDefined();
  await root.delete(pods, 'p', 'disks', { gracePeriodSeconds: 0 });
  await gone(persistentVolumeClaims, 'c', 'disks');
  await until(
    () => root.get(persistentVolumes, name),
    ({ status }) => status?.phase === 'Released',
  );
});

test('a service knows where its ready pods are', async () => {
  await namespace('network');
  const spec = { selector: { app: 'w' }, ports: [{ port: 80, targetPort: 'http' }] };
  await root.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'network' }, spec });
  const ports = [{ name: 'http', containerPort: 8080 }];
  await root.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'network', labels: { app: 'w' } },
    spec: { containers: [{ ...container(), ports }] },
  });
  await run('p', 'network', 'Running', '10.9.0.7');
  const slices = async () => (await root.list(endpointSlices, { namespace: 'network' })).items;
  const [slice] = await until(slices, (all) => all[0]?.endpoints?.[0]?.conditions?.ready === true);
  expect(slice).toMatchObject({
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.9.0.7'], targetRef: { kind: 'Pod', name: 'p' } }],
    ports: [{ port: 8080, protocol: 'TCP' }],
  });
});

test('a job runs until enough of its pods succeeded', async () => {
  await namespace('work');
  const template = { spec: { restartPolicy: 'Never', containers: [container()] } };
  await root.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'work' },
    spec: { completions: 2, template },
  });
  for (const round of [1, 2]) {
    const [pod] = await until(
      async () => (await podsOf('work')).filter(({ status }) => status?.phase === 'Pending'),
      (all) => all.length === 1,
    );
    await run(pod?.metadata.name ?? '', 'work', 'Succeeded');
    expect(
      await until(
        async () => (await root.get(jobs, 'j', 'work')).status?.succeeded ?? 0,
        (count) => count === round,
      ),
    ).toBe(round);
  }
  const done = await until(
    () => root.get(jobs, 'j', 'work'),
    ({ status }) => status?.completionTime !== undefined,
  );
  expect(done.status?.conditions?.map(({ type }) => type)).toEqual(['SuccessCriteriaMet', 'Complete']);
});

test('a quota shows what is used as it changes', async () => {
  await namespace('counted');
  const hard = { 'count/secrets': '5', 'requests.cpu': '2' };
  await root.create(resourceQuotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'counted' },
    spec: { hard },
  });
  const used = async () => (await root.get(resourceQuotas, 'q', 'counted')).status?.used;
  await until(used, (value) => JSON.stringify(value) === JSON.stringify({ 'count/secrets': '0', 'requests.cpu': '0' }));
  await root.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'counted' } });
  await root.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'counted' },
    spec: { containers: [container({ cpu: '250m' })] },
  });
  const full = { 'count/secrets': '1', 'requests.cpu': '250m' };
  expect(await until(used, (value) => JSON.stringify(value) === JSON.stringify(full))).toEqual(full);
});
