import { readFileSync } from 'node:fs';
import { type Instance, instances, templates, tenants, workspaces } from '@crownlabs/api';
import {
  customResourceDefinitions,
  dataVolumes,
  type KubeObject,
  namespaces,
  type Resource,
  secrets,
  services,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';
import { SINGLE_MACHINE } from '@crownlabs/operators';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { installMachineKinds, installNetworkKind } from './machine-kinds.ts';
import { strictFaults } from './swagger.test-support.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';
const NAME = 'mine-machine';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ ada@home';
const MANAGER_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB boss@work';

const machine = (changes: Parameters<typeof environment>[1] = {}) =>
  environment('machine', {
    environmentType: 'VirtualMachine',
    image: 'registry.example.org/netgroup/netlab:20200511',
    resources: { cpu: 2, memory: '2G', disk: '20Gi', reservedCPUPercentage: 25 },
    ...changes,
  });

async function course(lab: TestLab, environments = [machine()], running = true): Promise<void> {
  await installMachineKinds(lab.admin);
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('boss', { net: 'manager' }, { publicKeys: [MANAGER_KEY] }));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }, { publicKeys: [KEY, 'no key at all'] }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  await lab.admin.create(templates, template('net', 'lab', environments));
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }, { running }));
}

const phase = async (lab: TestLab, wanted: string): Promise<Instance> =>
  eventually(async () => {
    const found = await lab.admin.get(instances, 'mine', NS);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

const says = <T extends KubeObject>(lab: TestLab, kind: Resource<T>, status: object, name = NAME) =>
  lab.admin.patch(kind, name, NS, { status }, { subresource: 'status' });
const power = (lab: TestLab, running: boolean) => lab.admin.patch(instances, 'mine', NS, { spec: { running } });
const there = <T extends KubeObject>(lab: TestLab, kind: Resource<T>, name = NAME) => eventually(() => lab.admin.get(kind, name, NS));
const why = (it: Instance) => it.status?.conditions?.find(({ type }) => type === 'Ready');

test('8.1.8: a machine that is not persistent: its Secret, its Service and its phases', async () => {
  await using lab = await startTestLab({ config: { machines: { ...MACHINES, sshKeys: ['ssh-rsa AAAAB3 bastion'] } } });
  await course(lab);
  const guest = await there(lab, virtualMachineInstances);
  expect(guest.metadata.labels).toEqual({
    'crownlabs.polito.it/managed-by': 'instance',
    'crownlabs.polito.it/instance': 'mine',
    'crownlabs.polito.it/environment': 'machine',
    'crownlabs.polito.it/template': 'lab',
    'crownlabs.polito.it/tenant': 'ada',
  });
  expect(guest.spec.domain.resources).toEqual({
    requests: { cpu: '500m', memory: '2500M' },
    limits: { cpu: '2500m', memory: '2500M' },
  });
  expect(guest.spec.readinessProbe).toMatchObject({ tcpSocket: { port: 6080 } });
  const service = await there(lab, services);
  expect(service.spec).toMatchObject({
    clusterIP: 'None',
    ports: [
      { name: 'ssh', port: 22 },
      { name: 'gui', port: 6080 },
    ],
  });
  const { data = {} } = await there(lab, secrets);
  const text = Buffer.from(data['userdata'] ?? '', 'base64').toString();
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  const config = parse(text) as { users: { name: string; passwd: string }[]; ssh_authorized_keys: string[] };
  expect(config.users[0]).toMatchObject({ name: 'crownlabs', uid: 1010, passwd: expect.stringMatching(/^\$6\$/) });
  expect(config.ssh_authorized_keys).toEqual([KEY, MANAGER_KEY, 'ssh-rsa AAAAB3 bastion']);

  expect((await phase(lab, '')).status?.url).toContain('/instance/');
  await says(lab, virtualMachineInstances, { phase: 'Scheduling' });
  await phase(lab, 'Starting');
  await says(lab, virtualMachineInstances, { phase: 'Running', interfaces: [{ mac: '02:00:00:00:00:01', ipAddress: '10.9.9.9' }] });
  await phase(lab, 'Running');
  await says(lab, virtualMachineInstances, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] });
  const ready = await phase(lab, 'Ready');
  expect(ready.status?.environments?.[0]).toMatchObject({ ip: '10.9.9.9', expositionAccepted: true });
  expect(ready.status?.environments?.[0]?.initialReadyTime).toMatch(/s$/);
  await says(lab, virtualMachineInstances, { phase: 'Succeeded' });
  expect(why(await phase(lab, 'Failed'))?.reason).toBe('MachineEnded');
});

const MACHINES = { registrySecret: 'registry-credentials', importSecret: 'registry-credentials-cdi', diskSize: '10Gi', sshKeys: [] };

test('8.1.9: a persistent machine is imported, stopped and started with the same address and the same disk', async () => {
  await using lab = await startTestLab();
  await course(lab, [machine({ persistent: true, storageClassName: 'fast', guiEnabled: false })]);
  const disk = await there(lab, dataVolumes);
  expect(disk.spec).toEqual({
    source: { registry: { url: 'docker://registry.example.org/netgroup/netlab:20200511', secretRef: 'registry-credentials-cdi' } },
    pvc: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '20Gi' } },
      volumeMode: 'Filesystem',
      storageClassName: 'fast',
    },
  });
  expect((await there(lab, services)).spec?.ports?.map(({ name }) => name)).toEqual(['ssh']);
  expect((await there(lab, virtualMachines)).spec.running).toBe(true);
  await says(lab, virtualMachines, { printableStatus: 'Provisioning' });
  await says(lab, dataVolumes, { phase: 'ImportInProgress', progress: '45.20%' });
  await eventually(async () => {
    const found = await lab.admin.get(instances, 'mine', NS);
    expect(found.status?.environments?.[0]?.phase).toBe('Importing');
    expect(why(found)).toMatchObject({ reason: 'ImportingDisk', message: expect.stringContaining('45.20%') });
  });
  await says(lab, dataVolumes, { phase: 'Succeeded' });
  await says(lab, virtualMachines, { printableStatus: 'Starting' });
  await phase(lab, 'Starting');
  await guestOf(lab, { mac: '02:11:22:33:44:55' });
  await says(lab, virtualMachines, { printableStatus: 'Running', ready: true });
  await phase(lab, 'Ready');
  await eventually(async () => expect(await macOf(lab)).toBe('02:11:22:33:44:55'));
  await power(lab, false);
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(false));
  const stopping = await phase(lab, 'Stopping');
  expect(stopping.status?.environments?.[0]).toMatchObject({ ip: '', expositionAccepted: false });
  expect(stopping.metadata.annotations).toHaveProperty('crownlabs.polito.it/last-powered-off-timestamp');
  await eventually(async () => expect(await lab.admin.find(services, NAME, NS)).toBeUndefined());
  await says(lab, virtualMachines, { printableStatus: 'Stopped', ready: false });
  await phase(lab, 'Off');
  await lab.admin.delete(virtualMachineInstances, NAME, NS);
  await power(lab, true);
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(true));
  expect(await macOf(lab)).toBe('02:11:22:33:44:55');
  expect((await lab.admin.get(dataVolumes, NAME, NS)).metadata.uid).toBe(disk.metadata.uid);
  expect((await lab.admin.get(instances, 'mine', NS)).metadata.annotations ?? {}).not.toHaveProperty(
    'crownlabs.polito.it/last-powered-off-timestamp',
  );
});

test('8.1.9: the disk of a machine whose instance is made stopped is there before its first start', async () => {
  await using lab = await startTestLab();
  await course(lab, [machine({ persistent: true })], false);
  expect((await there(lab, virtualMachines)).spec.running).toBe(false);
  await there(lab, dataVolumes);
  await says(lab, dataVolumes, { phase: 'Succeeded' });
  await says(lab, virtualMachines, { printableStatus: 'Stopped', ready: false });
  await phase(lab, 'Off');
  await power(lab, true);
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(true));
});

test('a persistent machine sleeps and wakes as its instance says, and its memory costs nothing meanwhile', async () => {
  await using lab = await startTestLab();
  await course(lab, [machine({ persistent: true })]);
  await there(lab, virtualMachines);
  await says(lab, dataVolumes, { phase: 'Succeeded' });
  await says(lab, virtualMachines, { printableStatus: 'Running', ready: true });
  await phase(lab, 'Ready');
  const wish = async () => (await lab.admin.get(virtualMachines, NAME, NS)).metadata.annotations?.['virt.crownlabs.polito.it/suspended'];
  await lab.admin.patch(instances, 'mine', NS, { spec: { suspended: true } });
  await eventually(async () => expect(await wish()).toBe('true'));
  const conditions = [{ type: 'Suspended', status: 'True', reason: 'MemoryKept', message: 'kept' }];
  await says(lab, virtualMachines, { printableStatus: 'Suspended', ready: false, conditions });
  const asleep = await phase(lab, 'Suspended');
  expect(why(asleep)).toMatchObject({ status: 'False', reason: 'Suspended' });
  expect(asleep.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Suspended', status: 'True' }));
  await lab.admin.patch(instances, 'mine', NS, { spec: { suspended: false } });
  await eventually(async () => expect(await wish()).toBeUndefined());
  await says(lab, virtualMachines, { printableStatus: 'Running', ready: true, conditions: [] });
  await phase(lab, 'Ready');
  await lab.admin.patch(instances, 'mine', NS, { spec: { suspended: true, running: false } });
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(false));
  expect(await wish()).toBeUndefined();
});

test('what keeps no disk does not sleep, and says so', async () => {
  await using lab = await startTestLab();
  await course(lab, [machine()]);
  await there(lab, virtualMachineInstances);
  await lab.admin.patch(instances, 'mine', NS, { spec: { suspended: true } });
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'mine', NS);
    expect(status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Supported', status: 'False', reason: 'SuspendNotSupported' }),
    );
  });
});

/** What KubeVirt would make of a machine that runs. */
async function guestOf(lab: TestLab, { mac }: { mac: string }): Promise<void> {
  const { spec, metadata } = await lab.admin.get(virtualMachines, NAME, NS);
  const labels = metadata.labels ?? {};
  const { apiVersion } = await lab.admin.get(virtualMachines, NAME, NS);
  await lab.admin.create(virtualMachineInstances, {
    apiVersion,
    kind: 'VirtualMachineInstance',
    metadata: { name: NAME, namespace: NS, labels, ownerReferences: metadata.ownerReferences },
    spec: spec.template.spec,
  });
  await says(lab, virtualMachineInstances, { phase: 'Running', interfaces: [{ mac }] });
}

async function macOf(lab: TestLab): Promise<string | undefined> {
  return (await lab.admin.get(virtualMachines, NAME, NS)).spec.template.spec.domain.devices.interfaces[0]?.macAddress;
}

test('8.1.10: a stopped machine that is not persistent is kept without a way in, then forgotten', async () => {
  // Long enough for all that is looked at while it is kept, also on a busy machine.
  await using lab = await startTestLab({ config: { keepStoppedMs: 2_500 } });
  await course(lab);
  const first = await there(lab, virtualMachineInstances);
  await power(lab, false);
  const off = await phase(lab, 'Off');
  expect(off.status?.environments?.[0]?.expositionAccepted).toBe(false);
  expect(await lab.admin.find(virtualMachineInstances, NAME, NS)).toBeDefined();
  await power(lab, true);
  expect((await there(lab, services)).spec?.clusterIP).toBe('None');
  expect((await lab.admin.get(virtualMachineInstances, NAME, NS)).metadata.uid).toBe(first.metadata.uid);
  await power(lab, false);
  await eventually(async () => expect(await lab.admin.find(virtualMachineInstances, NAME, NS)).toBeUndefined());
  await power(lab, true);
  expect((await there(lab, virtualMachineInstances)).metadata.uid).not.toBe(first.metadata.uid);
});

test('8.1.12: a machine and a container in one instance are two sets of objects, and every machine has a Secret of its own', async () => {
  await using lab = await startTestLab();
  await course(lab, [
    environment('web', { environmentType: 'Standalone' }),
    machine({ mountMyDriveVolume: true }),
    machine({ name: 'server', guiEnabled: false }),
  ]);
  await there(lab, services, 'mine-web');
  await there(lab, virtualMachineInstances);
  await there(lab, virtualMachineInstances, 'mine-server');
  const told = async (name: string) => Buffer.from((await there(lab, secrets, name)).data?.['userdata'] ?? '', 'base64').toString();
  const passwords = [NAME, 'mine-server'].map(async (name) => (await there(lab, secrets, name)).data?.['password']);
  expect(new Set(await Promise.all(passwords)).size).toBe(2);
  expect(parse(await told(NAME))).toMatchObject({
    mounts: [['ada-drive-mirror', '/media/mydrive', 'virtiofs', 'rw,_netdev,user', '0', '0']],
  });
  expect(parse(await told('mine-server'))).toMatchObject({ mounts: [] });
});

test('a machine of a cloud image or of a volume is imported even when it is not persistent', async () => {
  await using lab = await startTestLab();
  await course(lab, [
    machine({ environmentType: 'CloudVM', image: 'https://cloud.example.org/debian.qcow2' }),
    machine({ name: 'copy', environmentType: 'LocalVM', image: 'workspace-net/golden' }),
  ]);
  const spec = async (name: string) => (await there(lab, dataVolumes, name)).spec;
  expect(await spec(NAME)).toMatchObject({
    source: { http: { url: 'https://cloud.example.org/debian.qcow2' } },
    pvc: { volumeMode: 'Block' },
  });
  expect(await spec('mine-copy')).toMatchObject({
    source: { pvc: { namespace: 'workspace-net', name: 'golden' } },
    pvc: { volumeMode: 'Block' },
  });
  expect((await there(lab, virtualMachineInstances)).spec.volumes[0]).toEqual({ name: 'root', dataVolume: { name: NAME } });
});

test("nobody copies a disk out of somebody else's namespace", async () => {
  await using lab = await startTestLab();
  const copies = ['tenant-boss/diary', 'tenant-still-to-come/diary', 'kube-system/keys'];
  await course(
    lab,
    copies.map((image, i) => machine({ name: `copy-${i}`, environmentType: 'LocalVM', image })),
  );
  expect(why(await phase(lab, 'Failed'))?.reason).toBe('DiskNotAllowed');
  await lab.settled();
  expect((await lab.admin.list(dataVolumes)).items).toEqual([]);
});

test('where namespaces of disks are named, nothing is copied out of others', async () => {
  await using lab = await startTestLab({ config: { machines: { ...SINGLE_MACHINE.machines, diskNamespaces: ['images'] } } });
  const copies = ['images/golden', 'databases/accounts'];
  await course(
    lab,
    copies.map((image, i) => machine({ name: `copy-${i}`, environmentType: 'LocalVM', image })),
  );
  await phase(lab, 'Failed');
  await lab.settled();
  expect((await lab.admin.list(dataVolumes)).items.map(({ spec }) => spec.source)).toEqual([
    { pvc: { namespace: 'images', name: 'golden' } },
  ]);
});

test('machines that wait for their kinds start when these are installed, and say so again when they go', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  await lab.admin.create(templates, template('net', 'lab', [machine()]));
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }));
  expect(why(await phase(lab, 'Failed'))?.reason).toBe('VirtualMachinesNotInstalled');
  await installMachineKinds(lab.admin);
  await there(lab, virtualMachineInstances);
  expect(why(await phase(lab, ''))?.reason).toBe('Starting');
  await lab.admin.delete(customResourceDefinitions, 'virtualmachineinstances.kubevirt.io');
  expect(why(await phase(lab, 'Failed'))?.reason).toBe('VirtualMachinesNotInstalled');
});

test('what somebody took from a machine or changed by hand is repaired, and nothing is written when nothing is wrong', async () => {
  await using lab = await startTestLab();
  await course(lab, [machine({ persistent: true })]);
  const made = await there(lab, virtualMachines);
  const secret = await there(lab, secrets);
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(tenants, 'ada', undefined, { metadata: { annotations: { seen: 'again' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
  await lab.admin.delete(secrets, NAME, NS);
  await lab.admin.patch(virtualMachines, NAME, NS, { spec: { template: { spec: { domain: { cpu: { cores: 64 } } } } } });
  await lab.admin.delete(services, NAME, NS);
  await lab.admin.patch(dataVolumes, NAME, NS, { metadata: { labels: { 'crownlabs.polito.it/tenant': 'other' } } });
  await eventually(async () => {
    expect((await lab.admin.get(virtualMachines, NAME, NS)).spec).toEqual(made.spec);
    expect((await lab.admin.get(dataVolumes, NAME, NS)).metadata.labels).toEqual(made.metadata.labels);
    expect((await lab.admin.get(secrets, NAME, NS)).metadata.uid).not.toBe(secret.metadata.uid);
    await lab.admin.get(services, NAME, NS);
  });
});

const SCHEMAS = new URL('../../../../shared/data/kubevirt-schemas.json', import.meta.url);
const definitions = readSchemas();

function readSchemas(): Record<string, object> | undefined {
  try {
    // The parse border: a file of KubeVirt's own.
    return (JSON.parse(readFileSync(SCHEMAS, 'utf8')) as { definitions: Record<string, object> }).definitions;
  } catch {
    return undefined;
  }
}

test('machines and disks are what KubeVirt and CDI define, to the last field', async (context) => {
  const known = definitions ?? context.skip(`${SCHEMAS.pathname} is not there`);
  await using lab = await startTestLab();
  await installNetworkKind(lab.admin);
  await course(lab, [
    machine({ persistent: true, mountMyDriveVolume: true, storageClassName: 'fast', networks: [{ name: 'lan', scope: 'Tenant' }] }),
    machine({ name: 'once', instantStart: true }),
    machine({ name: 'cloud', environmentType: 'CloudVM', image: 'https://cloud.example.org/debian.qcow2' }),
    machine({ name: 'copy', environmentType: 'LocalVM', image: 'workspace-net/golden' }),
  ]);
  // What the server adds to metadata is the server's.
  const faults = ({ metadata: { name, namespace, labels, annotations, ownerReferences }, ...rest }: KubeObject, type: string) =>
    strictFaults({ ...rest, metadata: { name, namespace, labels, ownerReferences, ...(annotations ? { annotations } : {}) } }, type, known);
  expect(faults(await there(lab, virtualMachines), 'v1.VirtualMachine')).toEqual([]);
  const prepared = await eventually(async () => {
    const [first] = (await lab.admin.list(virtualMachines, { namespace: 'workspace-net' })).items;
    if (!first) throw new Error('none yet');
    return first;
  });
  expect(faults(prepared, 'v1.VirtualMachine')).toEqual([]);
  for (const name of ['mine-once', 'mine-cloud', 'mine-copy']) {
    expect(faults(await there(lab, virtualMachineInstances, name), 'v1.VirtualMachineInstance')).toEqual([]);
  }
  for (const name of [NAME, 'mine-cloud', 'mine-copy']) {
    const { spec } = await there(lab, dataVolumes, name);
    expect(strictFaults(spec, 'v1beta1.DataVolumeSpec', known)).toEqual([]);
  }
  expect(strictFaults({ pvc: {}, sauce: {} }, 'v1beta1.DataVolumeSpec', known)).toEqual(['.sauce is not defined']);
});
