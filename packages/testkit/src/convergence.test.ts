import {
  type Instance,
  instances,
  type Tenant,
  templates,
  tenantNamespace,
  tenants,
  type Workspace,
  workspaceNamespace,
  workspaces,
} from '@crownlabs/api';
import {
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  deployments,
  type Informer,
  informer,
  type KubeObject,
  limitRanges,
  namespaces,
  networkPolicies,
  persistentVolumeClaims,
  pods,
  type Resource,
  resourceQuotas,
  roleBindings,
  roles,
  services,
} from '@crownlabs/client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { faultyTransport } from './faulty-transport.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

// A thousand small worlds, each with its own seed: a course, a person, or an environment that is started, stopped and started again, while
// calls of the operators fail, are lost, or come late. What is left afterwards is what is left without any fault.

const RUNS = 1_000;
const AT_ONCE = 100;
const SHARE = 0.25;

interface World {
  readonly name: string;
  /** Makes it and waits until people would be content. */
  play(lab: Watched): Promise<void>;
  readonly namespace: string;
}

/** A lab, and what is live there: asking for everything all the time would take longer than doing it. */
interface Watched {
  readonly lab: TestLab;
  readonly courses: Informer<Workspace>;
  readonly people: Informer<Tenant>;
  readonly environments: Informer<Instance>;
}

/** The longest that somebody who fails waits before the next try, and some time for that try. */
const RETRIED_MS = 90_000;

const SHARED = { workspace: 'shared', template: 'desktop' };
/** On a machine that has other work as well, a hundred worlds at once take their time. */
const PATIENCE_MS = 120_000;

/** Resolves when the object is as wanted. */
function seen<T extends KubeObject>(live: Informer<T>, name: string, wanted: (object: T) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`${name} is not as wanted: ${JSON.stringify(live.list().find((it) => it.metadata.name === name))}`)),
      PATIENCE_MS,
    );
    const stop = live.onChange((now) => {
      if (now?.metadata.name !== name || !wanted(now)) return;
      clearTimeout(late);
      // The first call may come before the way to stop is known.
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

const isReady = ({ status }: Workspace | Tenant) => status?.ready === true;
const inPhase = (phase: string, running: boolean) => (it: Instance) => it.status?.phase === phase && it.spec.running === running;

const course = (name: string): World => ({
  name,
  namespace: workspaceNamespace(name),
  play: async ({ lab, courses }) => {
    await lab.admin.create(workspaces, workspace(name, { autoEnroll: 'withApproval' }));
    await seen(courses, name, isReady);
    await lab.admin.create(templates, template(name, 'desktop'));
    await lab.admin.patch(workspaces, name, undefined, { spec: { autoEnroll: 'immediate' } });
  },
});

const person = (name: string): World => ({
  name,
  namespace: tenantNamespace(name),
  play: async ({ lab, people }) => {
    await lab.admin.create(tenants, tenant(name, { shared: 'user', nowhere: 'user' }));
    await seen(people, name, isReady);
    await lab.admin.patch(tenants, name, undefined, { spec: { workspaces: [{ name: 'shared', role: 'manager' }] } });
  },
});

const started = (name: string): World => ({
  name,
  namespace: 'tenant-owner',
  play: async ({ lab, environments }) => {
    await lab.admin.create(instances, instance('owner', name, SHARED));
    await seen(environments, name, inPhase('Ready', true));
  },
});

const stopped = (name: string): World => ({
  name,
  namespace: 'tenant-owner',
  play: async (watched) => {
    await started(name).play(watched);
    await watched.lab.admin.patch(instances, name, 'tenant-owner', { spec: { running: false } });
    await seen(watched.environments, name, inPhase('Off', false));
  },
});

const startedAgain = (name: string): World => ({
  name,
  namespace: 'tenant-owner',
  play: async (watched) => {
    await stopped(name).play(watched);
    await watched.lab.admin.patch(instances, name, 'tenant-owner', { spec: { running: true } });
    await seen(watched.environments, name, inPhase('Ready', true));
  },
});

const MAKERS = [course, person, course, person, started, course, person, stopped, course, startedAgain];
const worldOf = (seed: number): World => (MAKERS[seed % MAKERS.length] ?? course)(`w${String(seed).padStart(4, '0')}x`);

const KINDS: readonly Resource[] = [
  namespaces,
  roles,
  roleBindings,
  clusterRoles,
  clusterRoleBindings,
  resourceQuotas,
  limitRanges,
  networkPolicies,
  configMaps,
  deployments,
  services,
  persistentVolumeClaims,
  pods,
  workspaces,
  tenants,
  templates,
  instances,
];

/** What is there of each world, as one text a world. */
async function pictures(lab: TestLab, worlds: readonly World[]): Promise<Map<string, string>> {
  const found = new Map(worlds.map(({ name }) => [name, new Map<string, string>()]));
  for (const kind of KINDS) {
    for (const object of (await lab.admin.list(kind)).items) {
      // What worlds share (the ledger of the one who owns the environments) says of each of them what is its own.
      const owner = /w\d{4}x/.exec(`${object.metadata.namespace} ${object.metadata.name}`)?.[0];
      if (owner !== undefined && object.metadata.deletionTimestamp === undefined) found.get(owner)?.set(...picture(kind, object, owner));
    }
  }
  return new Map(
    [...found].map(([name, objects]) => [
      name,
      JSON.stringify(
        [...objects].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        null,
        1,
      ),
    ]),
  );
}

/** Chosen by chance or by the clock, in every world anew. */
const CHANCE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'generation',
  'observedGeneration',
  'lastTransitionTime',
  'lastUpdateTime',
  'initialReadyTime',
  'prettyName',
  'podIP',
  'podIPs',
  'ip',
  'startTime',
  'startedAt',
  'clusterIP',
  'clusterIPs',
  'deployment.kubernetes.io/revision',
  'lab.crownlabs.polito.it/applied',
  'crownlabs.polito.it/last-powered-off-timestamp',
]);

function picture({ kind }: Resource, object: KubeObject, owner: string): [string, string] {
  const uids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
  const hashes = new RegExp(`(${owner}-[a-z]+)(-[a-z0-9]{4,10})+`, 'g');
  // Members of an object have no order: which of them were written first says nothing.
  const text = JSON.stringify(object, (key, value: unknown) => (CHANCE.has(key) ? undefined : inOrder(value)))
    .replaceAll(uids, 'UID')
    .replaceAll(hashes, '$1-HASH')
    .replaceAll(/"pod-template-hash":"[^"]+"/g, '"pod-template-hash":"HASH"')
    .replaceAll(owner, 'WORLD');
  const name = `${kind} ${object.metadata.name}`.replaceAll(hashes, '$1-HASH').replaceAll(owner, 'WORLD');
  return [name, text];
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function prepare(lab: TestLab, signal: AbortSignal): Promise<Watched> {
  const roomy = { cpu: 1_000, memory: '4000G', instances: 2_000 };
  await lab.admin.create(workspaces, workspace('shared', { quota: roomy }));
  await lab.admin.create(tenants, tenant('owner', { shared: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, 'tenant-owner'), lab.admin.get(namespaces, 'workspace-shared')]));
  await lab.admin.create(templates, template('shared', 'desktop', [environment('desktop', { environmentType: 'Standalone' })]));
  const live = {
    courses: informer(lab.admin, workspaces, {}, signal),
    people: informer(lab.admin, tenants, {}, signal),
    environments: informer(lab.admin, instances, {}, signal),
  };
  await Promise.all(Object.values(live).map((it) => it.synced()));
  return { lab, ...live };
}

async function clear(lab: TestLab, worlds: readonly World[]): Promise<void> {
  const gone = ({ name, namespace }: World) => {
    if (namespace === 'tenant-owner') return lab.admin.delete(instances, name, namespace);
    return namespace.startsWith('tenant-') ? lab.admin.delete(tenants, name) : lab.admin.delete(workspaces, name);
  };
  await Promise.all(worlds.map(gone));
}

const config = { caps: { cpu: 0, memory: '0', instances: 0 }, drive: undefined, keepStoppedMs: 0 };

test(`${RUNS} worlds in which calls fail end as they would without`, { timeout: 900_000 }, async ({ signal }) => {
  const examples = MAKERS.map((_make, seed) => worldOf(seed));
  const calmly = await calmPictures(examples, signal);
  let share = 0;
  let met = 0;
  await using lab = await startTestLab({
    config,
    between: (transport) => faultyTransport(transport, { seed: 1, share: () => share, met: () => (met += 1) }),
  });
  const watched = await prepare(lab, signal);
  for (let first = 0; first < RUNS; first += AT_ONCE) {
    share = SHARE;
    // Some begin with operators that have just been started, and read the whole lab through the faults.
    if ((first / AT_ONCE) % 3 === 1) await lab.restart();
    const worlds = Array.from({ length: AT_ONCE }, (_, i) => worldOf(first + i));
    await Promise.all(worlds.map((world) => world.play(watched)));
    await lab.settled();
    // Whatever failed several times is tried again later than a lab that rests would wait for.
    await eventually(async () => {
      const after = await pictures(lab, worlds);
      for (const [i, { name }] of worlds.entries()) {
        const expected = calmly.get(examples[(first + i) % examples.length]?.name ?? '');
        expect({ name, picture: after.get(name) }).toEqual({ name, picture: expected });
      }
    }, RETRIED_MS);
    share = 0;
    await clear(lab, worlds);
  }
  expect(met).toBeGreaterThan(RUNS * 2);
});

/** How worlds look in which nothing went wrong. */
async function calmPictures(examples: readonly World[], signal: AbortSignal): Promise<Map<string, string>> {
  await using lab = await startTestLab({ config });
  const watched = await prepare(lab, signal);
  await Promise.all(examples.map((world) => world.play(watched)));
  await lab.settled();
  return await pictures(lab, examples);
}
