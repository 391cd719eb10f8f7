import { ANNOTATION, type Instance, instances, LABEL, templates, tenantNamespace, tenants, workspaces } from '@crownlabs/api';
import { deployments, networkPolicies, persistentVolumeClaims, pods, resourceQuotas, roleBindings, services } from '@crownlabs/client';
import { environment, instance, template } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, openCluster } from './cluster.ts';
import { type Scenario, startScenario, until } from './scenario.ts';

// The object journeys of container environments: numbers are those of the acceptance scenarios.

let cluster: Cluster;
let lab: Scenario;
let course: string;
beforeAll(async () => {
  cluster = await openCluster();
  lab = await startScenario({ cluster, settings: { drive: false } });
  course = await lab.course('containers');
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

interface Place {
  readonly owner: string;
  readonly namespace: string;
  readonly of: { workspace: string; template: string };
}

/** A student with a template of their own in the course. */
async function desk(base: string, environments = [environment('desktop')], spec = {}): Promise<Place> {
  const owner = await lab.student(base, { [course]: 'user' });
  const made = template(course, base, environments);
  await lab.admin.create(templates, { ...made, spec: { ...made.spec, ...spec } });
  return { owner, namespace: tenantNamespace(owner), of: { workspace: course, template: base } };
}

const start = ({ owner, of }: Place, name: string, spec = {}) => lab.admin.create(instances, instance(owner, name, of, spec));
const power = ({ namespace }: Place, name: string, running: boolean) => lab.admin.patch(instances, name, namespace, { spec: { running } });
const phase = ({ namespace }: Place, name: string, wanted: string): Promise<Instance> =>
  until(async () => {
    const found = await lab.admin.get(instances, name, namespace);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });
const deployment = ({ namespace }: Place, name: string) => lab.admin.get(deployments, name, namespace);
const firstOf = ({ status }: Instance) => status?.environments?.[0];
const persistent = { persistent: true, resources: { cpu: 1, memory: '1G', disk: '2Gi', reservedCPUPercentage: 10 } };

test('scenario 8: an instance becomes deployment and service, gets Ready, and says so once', async () => {
  const at = await desk('eighth');
  await start(at, 'mine');
  const ready = await phase(at, 'mine', 'Ready');
  expect(ready.status?.url).toMatch(new RegExp(`/instance/${ready.metadata.uid}/$`));
  expect(ready.spec.prettyName).toMatch(/^\w+ \w+$/);
  expect(ready.metadata.labels).toMatchObject({
    [LABEL.managedBy]: 'instance',
    [LABEL.workspace]: course,
    [LABEL.template]: 'eighth',
    [LABEL.persistent]: 'false',
    [LABEL.hasNodeSelector]: 'false',
  });
  const [first] = ready.status?.environments ?? [];
  expect(first).toMatchObject({ name: 'desktop', phase: 'Ready', expositionAccepted: true });
  expect(first?.initialReadyTime).toMatch(/^\d+s$/);
  const service = await lab.admin.get(services, 'mine-desktop', at.namespace);
  expect(service.spec).toMatchObject({ clusterIP: 'None', ports: [expect.objectContaining({ name: 'gui', port: 6080 })] });
  await lab.settled();
  const before = await lab.admin.get(instances, 'mine', at.namespace);
  await power(at, 'mine', false);
  await phase(at, 'mine', 'Off');
  await power(at, 'mine', true);
  const again = await phase(at, 'mine', 'Ready');
  expect(again.status?.environments?.[0]?.initialReadyTime).toBe(before.status?.environments?.[0]?.initialReadyTime);
});

test('scenario 9, for containers: a persistent environment stops at once, keeps its disk, and starts on it again', async () => {
  const at = await desk('ninth', [environment('desktop', persistent)]);
  await start(at, 'mine');
  await phase(at, 'mine', 'Ready');
  const disk = await lab.admin.get(persistentVolumeClaims, 'mine-desktop', at.namespace);
  expect(disk.spec).toMatchObject({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } });
  await power(at, 'mine', false);
  const off = await phase(at, 'mine', 'Off');
  expect(off.metadata.annotations).toHaveProperty([ANNOTATION.lastPoweredOff]);
  await until(async () => expect(await lab.admin.find(services, 'mine-desktop', at.namespace)).toBeUndefined());
  expect((await deployment(at, 'mine-desktop')).spec?.replicas).toBe(0);
  await power(at, 'mine', true);
  const on = await phase(at, 'mine', 'Ready');
  expect(on.metadata.annotations ?? {}).not.toHaveProperty([ANNOTATION.lastPoweredOff]);
  expect((await lab.admin.get(persistentVolumeClaims, 'mine-desktop', at.namespace)).metadata.uid).toBe(disk.metadata.uid);
});

test('scenario 10: what is not persistent is kept for a while without a way in, and is let in again by a start', async () => {
  const at = await desk('tenth');
  await start(at, 'mine');
  const ready = await phase(at, 'mine', 'Ready');
  await power(at, 'mine', false);
  const off = await phase(at, 'mine', 'Off');
  expect(firstOf(off)).toMatchObject({ expositionAccepted: false, ip: '' });
  expect(off.status?.conditions?.find(({ type }) => type === 'KeptInMemory')?.message).toContain('kept in memory until');
  await until(async () => expect(await lab.admin.find(services, 'mine-desktop', at.namespace)).toBeUndefined());
  expect((await deployment(at, 'mine-desktop')).spec?.replicas).toBe(1);
  await power(at, 'mine', true);
  expect(firstOf(await phase(at, 'mine', 'Ready'))?.ip).toBe(firstOf(ready)?.ip);
});

test('scenario 11: a standalone app is probed where it listens, runs as 1010, and fetches content only if asked', async () => {
  const standalone = { environmentType: 'Standalone' } as const;
  const content = { sourceArchiveURL: 'https://example.org/a.zip', contentPath: '/data', startupArgs: ['--x'], enforceWorkdir: true };
  const at = await desk('eleventh', [
    environment('plain', standalone),
    environment('rewritten', { ...standalone, rewriteURL: true, containerStartupOptions: content }),
  ]);
  await start(at, 'mine');
  const { uid } = (await phase(at, 'mine', 'Ready')).metadata;
  const plain = await podOf(at, 'mine-plain');
  expect(plain.probe).toBe(`/instance/${uid}/plain`);
  expect(plain.env).toMatchObject({ CROWNLABS_BASE_PATH: `/instance/${uid}/plain`, CROWNLABS_LISTEN_PORT: '6080' });
  expect(Object.keys(plain.env)).toEqual(expect.arrayContaining(['CROWNLABS_CPU_REQUESTS', 'CROWNLABS_CPU_LIMITS']));
  expect(plain.pod).toMatchObject({
    securityContext: { runAsUser: 1010, runAsGroup: 1010, fsGroup: 1010, runAsNonRoot: true },
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    volumes: expect.arrayContaining([expect.objectContaining({ emptyDir: expect.anything() })]),
  });
  expect(plain.container?.securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  expect(plain.fetched).toEqual([]);
  const rewritten = await podOf(at, 'mine-rewritten');
  expect(rewritten.probe).toBe('/');
  expect(rewritten.fetched).toEqual(['content-downloader']);
  expect(rewritten.container).toMatchObject({ args: ['--x'], workingDir: '/data' });
});

/** What scenario 11 looks at. */
async function podOf(at: Place, name: string) {
  const pod = (await deployment(at, name)).spec?.template.spec;
  const container = pod?.containers[0];
  const env = Object.fromEntries((container?.env ?? []).map((it) => [it.name, it.value]));
  return {
    pod,
    container,
    env,
    probe: container?.readinessProbe?.httpGet?.path,
    fetched: (pod?.initContainers ?? []).map((it) => it.name),
  };
}

test('scenario 12: two environments have two sets of objects, and the instance is as far as they are together', async () => {
  const at = await desk('twelfth', [environment('desktop'), environment('notes', { environmentType: 'Standalone' })]);
  await start(at, 'mine');
  await phase(at, 'mine', 'Ready');
  for (const name of ['mine-desktop', 'mine-notes']) {
    await deployment(at, name);
    await lab.admin.get(services, name, at.namespace);
  }
  const [pod] = (await lab.admin.list(pods, { namespace: at.namespace, labelSelector: `${LABEL.environment}=notes` })).items;
  const conditions = [{ type: 'Ready', status: 'False' }];
  await lab.admin.patch(pods, pod?.metadata.name ?? '', at.namespace, { status: { conditions } }, { subresource: 'status' });
  const partly = await phase(at, 'mine', 'Running');
  expect(partly.status?.environments?.map((it) => it.phase)).toEqual(['Ready', 'Starting']);
});

test('scenario 13: the third big instance is refused by its words, a start of a stopped one too, and other workspaces do not count', async () => {
  const big = { resources: { cpu: 4, memory: '1G', reservedCPUPercentage: 10 } };
  const at = await desk('thirteenth', [environment('desktop', big)]);
  const student = lab.as(at.owner, `kubernetes:workspace-${course}:user`);
  const create = (name: string, spec = {}) => student.create(instances, instance(at.owner, name, at.of, spec));
  await create('one');
  await create('two');
  await phase(at, 'two', 'Ready');
  if (lab.admission) await expect(create('three')).rejects.toThrow(/quota exceeded: CPU/);
  await create('stopped', { running: false });
  const begin = () => student.patch(instances, 'stopped', at.namespace, { spec: { running: true } });
  if (lab.admission) await expect(begin()).rejects.toThrow(/quota exceeded: CPU/);
  const other = await lab.course('thirteenth-other');
  await lab.admin.create(templates, template(other, 'small'));
  const memberships = [course, other].map((name) => ({ name, role: 'user' }));
  await lab.admin.patch(tenants, at.owner, undefined, { spec: { workspaces: memberships } });
  await lab.settled();
  await student.create(instances, instance(at.owner, 'elsewhere', { workspace: other, template: 'small' }));
  expect((await phase(at, 'elsewhere', 'Ready')).metadata.labels).toMatchObject({ [LABEL.workspace]: other });
});

test('scenario 14: what the quota of the namespace refuses waits with its reason, and starts when there is room', async () => {
  const at = await desk('fourteenth', [environment('desktop', { resources: { cpu: 6, memory: '1G', reservedCPUPercentage: 10 } })]);
  await start(at, 'one');
  await phase(at, 'one', 'Ready');
  // An administrator bypasses nobody here: admission may be late, the ledger is not.
  const wanted = instance(at.owner, 'two', at.of, { running: false });
  await lab.admin.create(instances, wanted);
  await lab.settled();
  const late = await lab.admin.patch(instances, 'two', at.namespace, { spec: { running: true } }).catch(() => undefined);
  if (late) {
    const waiting = await phase(at, 'two', 'ResourceQuotaExceeded');
    expect(waiting.status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('QuotaExceeded');
  }
  await lab.admin.patch(workspaces, course, undefined, { spec: { quota: { cpu: 20, memory: '40G', instances: 6 } } });
  await until(async () =>
    expect((await lab.admin.get(resourceQuotas, 'crownlabs-resource-quota', at.namespace)).spec?.hard).toMatchObject({
      'limits.cpu': '20',
    }),
  );
  await lab.settled();
  await lab.admin.patch(instances, 'two', at.namespace, { spec: { running: true } });
  await phase(at, 'two', 'Ready');
  await lab.admin.patch(workspaces, course, undefined, { spec: { quota: { cpu: 10, memory: '20G', instances: 3 } } });
});

test('scenario 15: deleting an instance leaves nothing of it', async () => {
  const at = await desk('fifteenth', [environment('desktop', persistent), environment('notes')]);
  await start(at, 'mine');
  await phase(at, 'mine', 'Ready');
  await lab.admin.delete(instances, 'mine', at.namespace);
  const of = { namespace: at.namespace, labelSelector: `${LABEL.instance}=mine` };
  await until(async () => {
    for (const kind of [deployments, services, pods, persistentVolumeClaims, networkPolicies]) {
      expect((await lab.admin.list(kind as typeof pods, of)).items.filter(({ metadata }) => !metadata.deletionTimestamp)).toEqual([]);
    }
    expect(await lab.admin.find(roleBindings, 'mine-access', at.namespace)).toBeUndefined();
  });
});

test.each([
  ['none', undefined, { 'crownlabs.polito.it/room': 'a' }, {}],
  ['the choice of the user', {}, { 'crownlabs.polito.it/room': 'a' }, { 'crownlabs.polito.it/room': 'a' }],
  ['that of the template', { fixed: 'yes' }, { 'crownlabs.polito.it/room': 'a' }, { fixed: 'yes' }],
])('scenario 18: the node selector is %s', async (what, ofTemplate, chosen, expected) => {
  const base = `eighteenth-${what.length}`;
  const at = await desk(base, undefined, ofTemplate === undefined ? {} : { nodeSelector: ofTemplate });
  await start(at, 'mine', { nodeSelector: chosen });
  const { status } = await phase(at, 'mine', 'Ready');
  expect((await deployment(at, 'mine-desktop')).spec?.template.spec?.nodeSelector ?? {}).toEqual(expected);
  expect(status?.nodeName).toBe(lab.node.name);
  expect(status?.nodeSelector ?? {}).toEqual(expected);
});
