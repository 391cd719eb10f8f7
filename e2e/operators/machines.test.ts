import { ANNOTATION, type Instance, instances, LABEL, templates, tenantNamespace } from '@crownlabs/api';
import {
  customResourceDefinitions,
  dataVolumes,
  type KubeObject,
  type Resource,
  secrets,
  services,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';
import { environment, installMachineKinds, instance, template } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, openCluster } from './cluster.ts';
import { type Scenario, startScenario, until } from './scenario.ts';

// The journeys of virtual machines, without anybody who would start one: what KubeVirt and CDI would say of them, the tests say.

const KINDS = [virtualMachines, virtualMachineInstances, dataVolumes].map(({ plural, group }) => `${plural}.${group}`);
const TAKEN = 'this cluster has a KubeVirt, which says itself what becomes of machines';

let cluster: Cluster;
let lab: Scenario;
let course: string;
/** Whether the kinds are ours: where somebody installed KubeVirt, they are not touched. */
let ours = false;
beforeAll(async () => {
  cluster = await openCluster();
  lab = await startScenario({ cluster, settings: { drive: false } });
  const there = await Promise.all(KINDS.map((name) => lab.admin.find(customResourceDefinitions, name)));
  ours = there.every((it) => it === undefined);
  if (ours) await installMachineKinds(lab.admin);
  course = await lab.course('machines');
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  if (cluster?.given && ours) await Promise.all(KINDS.map((name) => lab.admin.delete(customResourceDefinitions, name)));
  await cluster?.[Symbol.asyncDispose]();
});

interface Place {
  readonly owner: string;
  readonly namespace: string;
}

async function desk(base: string, changes: Parameters<typeof environment>[1] = {}): Promise<Place> {
  const owner = await lab.student(base, { [course]: 'user' });
  const machine = environment('machine', {
    environmentType: 'VirtualMachine',
    image: 'registry.example.org/netgroup/netlab:20200511',
    resources: { cpu: 2, memory: '2G', disk: '20Gi', reservedCPUPercentage: 25 },
    ...changes,
  });
  await lab.admin.create(templates, template(course, base, [machine]));
  await lab.admin.create(instances, instance(owner, 'mine', { workspace: course, template: base }));
  return { owner, namespace: tenantNamespace(owner) };
}

const NAME = 'mine-machine';
const mine = ({ namespace }: Place): Promise<Instance> => lab.admin.get(instances, 'mine', namespace);
const there = <T extends KubeObject>({ namespace }: Place, kind: Resource<T>) => until(() => lab.admin.get(kind, NAME, namespace));
const says = <T extends KubeObject>({ namespace }: Place, kind: Resource<T>, status: object) =>
  lab.admin.patch(kind, NAME, namespace, { status }, { subresource: 'status' });
const power = ({ namespace }: Place, running: boolean) => lab.admin.patch(instances, 'mine', namespace, { spec: { running } });
const phase = (at: Place, wanted: string): Promise<Instance> =>
  until(async () => {
    const found = await mine(at);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });
const macOf = async (at: Place) => (await there(at, virtualMachines)).spec.template.spec.domain.devices.interfaces[0]?.macAddress;

/** What KubeVirt says of a guest that runs. */
const GUEST = { phase: 'Running', interfaces: [{ mac: '02:11:22:33:44:55', ipAddress: '10.9.9.9' }] };

test('scenario 8: a machine has a Secret, a Service and a way in, and its phases are those of its guest', async ({ skip }) => {
  const at = await desk('eighth');
  const guest = await there(at, virtualMachineInstances);
  expect(guest.metadata.labels).toMatchObject({
    [LABEL.managedBy]: 'instance',
    [LABEL.instance]: 'mine',
    [LABEL.environment]: 'machine',
    [LABEL.template]: 'eighth',
    [LABEL.tenant]: at.owner,
  });
  expect(guest.spec.domain.resources).toMatchObject({
    requests: { cpu: '500m', memory: '2500M' },
    limits: { cpu: '2500m', memory: '2500M' },
  });
  expect(guest.spec.readinessProbe).toMatchObject({ tcpSocket: { port: 6080 } });
  const ports = (await there(at, services)).spec?.ports?.map(({ name, port }) => ({ name, port }));
  expect(ports).toEqual([
    { name: 'ssh', port: 22 },
    { name: 'gui', port: 6080 },
  ]);
  const userdata = Buffer.from((await there(at, secrets)).data?.['userdata'] ?? '', 'base64').toString();
  expect(userdata.startsWith('#cloud-config\n')).toBe(true);
  if (!ours) skip(TAKEN);
  const begun = await phase(at, '');
  expect(begun.status?.url).toMatch(new RegExp(`/instance/${begun.metadata.uid}/$`));
  expect(begun.spec.prettyName).toMatch(/^\w+ \w+$/);
  await says(at, virtualMachineInstances, { phase: 'Scheduling' });
  await phase(at, 'Starting');
  await says(at, virtualMachineInstances, GUEST);
  await phase(at, 'Running');
  await says(at, virtualMachineInstances, { ...GUEST, conditions: [{ type: 'Ready', status: 'True' }] });
  const ready = await phase(at, 'Ready');
  expect(ready.status?.environments?.[0]).toMatchObject({ ip: '10.9.9.9', expositionAccepted: true });
  expect(ready.status?.environments?.[0]?.initialReadyTime).toMatch(/s$/);
});

test('scenario 9, for machines: a persistent one is imported, stopped, and started with the same address and the same disk', async ({
  skip,
}) => {
  const at = await desk('ninth', { persistent: true });
  const disk = await there(at, dataVolumes);
  expect(disk.spec).toMatchObject({
    source: { registry: { url: 'docker://registry.example.org/netgroup/netlab:20200511' } },
    pvc: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } }, volumeMode: 'Filesystem' },
  });
  expect(disk.metadata.ownerReferences).toMatchObject([{ kind: 'Instance', name: 'mine', controller: true }]);
  expect((await there(at, virtualMachines)).spec.running).toBe(true);
  if (!ours) skip(TAKEN);
  await says(at, virtualMachines, { printableStatus: 'Provisioning' });
  await says(at, dataVolumes, { phase: 'ImportInProgress', progress: '45.20%' });
  await until(async () => expect((await mine(at)).status?.environments?.[0]?.phase).toBe('Importing'));
  await says(at, dataVolumes, { phase: 'Succeeded' });
  await says(at, virtualMachines, { printableStatus: 'Starting' });
  await phase(at, 'Starting');
  await startGuest(at);
  await says(at, virtualMachines, { printableStatus: 'Running', ready: true });
  await phase(at, 'Ready');
  await until(async () => expect(await macOf(at)).toBe('02:11:22:33:44:55'));

  await power(at, false);
  await until(async () => expect((await there(at, virtualMachines)).spec.running).toBe(false));
  const stopping = await phase(at, 'Stopping');
  expect(stopping.status?.environments?.[0]).toMatchObject({ ip: '', expositionAccepted: false });
  expect(stopping.metadata.annotations).toHaveProperty([ANNOTATION.lastPoweredOff]);
  await until(async () => expect(await lab.admin.find(services, NAME, at.namespace)).toBeUndefined());
  await says(at, virtualMachines, { printableStatus: 'Stopped', ready: false });
  await phase(at, 'Off');

  await lab.admin.delete(virtualMachineInstances, NAME, at.namespace);
  await power(at, true);
  await until(async () => expect((await there(at, virtualMachines)).spec.running).toBe(true));
  expect(await macOf(at)).toBe('02:11:22:33:44:55');
  expect((await there(at, dataVolumes)).metadata.uid).toBe(disk.metadata.uid);
  await until(async () => expect((await mine(at)).metadata.annotations ?? {}).not.toHaveProperty([ANNOTATION.lastPoweredOff]));
});

/** KubeVirt makes the guest of a machine from its template. */
async function startGuest(at: Place): Promise<void> {
  const { apiVersion, metadata, spec } = await there(at, virtualMachines);
  const { labels = {}, ownerReferences = [] } = metadata;
  await lab.admin.create(virtualMachineInstances, {
    apiVersion,
    kind: 'VirtualMachineInstance',
    metadata: { name: NAME, namespace: at.namespace, labels, ownerReferences },
    spec: spec.template.spec,
  });
  await says(at, virtualMachineInstances, { ...GUEST, conditions: [{ type: 'Ready', status: 'True' }] });
}

test('scenario 12: a machine and a container in one instance are two sets of objects', async () => {
  const owner = await lab.student('twelfth', { [course]: 'user' });
  const machine = environment('machine', { environmentType: 'VirtualMachine', guiEnabled: false });
  await lab.admin.create(templates, template(course, 'twelfth', [machine, environment('notes', { environmentType: 'Standalone' })]));
  await lab.admin.create(instances, instance(owner, 'mine', { workspace: course, template: 'twelfth' }));
  const at = { owner, namespace: tenantNamespace(owner) };
  await there(at, virtualMachineInstances);
  expect((await there(at, services)).spec?.ports?.map(({ name }) => name)).toEqual(['ssh']);
  await until(() => lab.admin.get(services, 'mine-notes', at.namespace));
  await until(async () => expect((await mine(at)).status?.environments?.map(({ name }) => name)).toEqual(['machine', 'notes']));
});
