import {
  type Environment,
  type InstanceSnapshot,
  InstanceSpec,
  instanceSnapshots,
  instances,
  templates,
  tenants,
  workspaces,
} from '@crownlabs/api';
import {
  dataVolumes,
  events,
  jobs,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  virtualMachineInstances,
} from '@crownlabs/client';
import {
  endJob,
  environment,
  eventually,
  installMachineKinds,
  installSnapshotKinds,
  instance,
  startTestLab,
  type TestLab,
  template,
  tenant,
  workspace,
} from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { volumeSnapshots } from './desired.ts';
import { type Candidate, chosenEnvironment } from './facts.ts';

const NS = 'tenant-ada';
const WS = 'workspace-net';
const DISK = 'mine-machine';

const machine = (changes: Parameters<typeof environment>[1] = {}) =>
  environment('machine', {
    environmentType: 'VirtualMachine',
    image: 'registry.example.org/net/lab:1',
    persistent: true,
    resources: { cpu: 2, memory: '2G', disk: '20Gi', reservedCPUPercentage: 25 },
    ...changes,
  });

/** Ada's stopped instance of a machine, whose disk is there. */
async function course(lab: TestLab, environments = [machine()]): Promise<void> {
  for (const name of ['net', 'other']) await lab.admin.create(workspaces, workspace(name));
  await lab.admin.create(tenants, tenant('boss', { net: 'manager' }));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([NS, WS, 'workspace-other'].map((it) => lab.admin.get(namespaces, it))));
  await lab.admin.create(templates, template('net', 'lab', environments));
  await lab.admin.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: DISK, namespace: NS },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } }, storageClassName: 'local' },
  });
  await lab.settled();
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }, { running: false }));
  await eventually(async () => expect((await lab.admin.get(persistentVolumeClaims, DISK, NS)).status?.phase).toBe('Bound'));
}

const wish = (namespace: string, spec: Partial<InstanceSnapshot['spec']> = {}) => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'InstanceSnapshot',
  metadata: { name: 'golden', namespace },
  spec: { instanceRef: { name: 'mine', namespace: NS }, imageName: 'netlab', ...spec },
});

const phase = (lab: TestLab, wanted: string, namespace = WS): Promise<InstanceSnapshot> =>
  eventually(async () => {
    const found = await lab.admin.get(instanceSnapshots, 'golden', namespace);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

const disk = (lab: TestLab) => eventually(() => lab.admin.get(dataVolumes, 'isnap-golden', WS));
const copied = (lab: TestLab, status = 'Succeeded') =>
  lab.admin.patch(dataVolumes, 'isnap-golden', WS, { status: { phase: status } }, { subresource: 'status' });
const reasons = async (lab: TestLab, namespace = WS) => (await lab.admin.list(events, { namespace })).items.map(({ reason }) => reason);

test('[BUG] 2.4: a manager makes an image of the disk of an environment, and a template that starts copies of it', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  const manager = lab.as('boss', 'kubernetes:workspace-net:manager');
  await manager.create(instanceSnapshots, wish(WS, { template: { prettyName: 'Exercise 2' } }));
  await phase(lab, 'Processing');
  // The disk of an environment is named after both, which is where a copy used to look for nothing.
  expect((await disk(lab)).spec).toMatchObject({
    source: { pvc: { namespace: NS, name: DISK } },
    pvc: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
  });
  await copied(lab);
  const done = await phase(lab, 'Completed');
  expect(done.status).toMatchObject({ image: `${WS}/isnap-golden`, environmentType: 'LocalVM', template: 'golden' });
  const made = await lab.admin.get(templates, 'golden', WS);
  expect(made.spec).toMatchObject({
    prettyName: 'Exercise 2',
    'workspace.crownlabs.polito.it/WorkspaceRef': { name: 'net' },
    environmentList: [{ name: 'machine', environmentType: 'LocalVM', image: `${WS}/isnap-golden`, persistent: true }],
  });
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(instanceSnapshots, 'golden', WS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
});

test('an image stays while a template starts it, and goes with its snapshot after', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  await lab.admin.create(instanceSnapshots, wish(WS, { template: {} }));
  await disk(lab);
  await copied(lab);
  await phase(lab, 'Completed');
  await lab.admin.delete(instanceSnapshots, 'golden', WS);
  await eventually(async () => expect(await reasons(lab)).toContain('DeletionBlocked'));
  const kept = await lab.admin.get(instanceSnapshots, 'golden', WS);
  expect(kept.status?.conditions?.[0]?.message).toContain(`${WS}/golden`);
  await lab.admin.delete(templates, 'golden', WS);
  await eventually(async () => {
    expect(await lab.admin.find(instanceSnapshots, 'golden', WS)).toBeUndefined();
    expect(await lab.admin.find(dataVolumes, 'isnap-golden', WS)).toBeUndefined();
  });
});

test('a copy that was taken away is made again while it goes on; one that fails is said', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  await lab.admin.create(instanceSnapshots, wish(WS));
  const { uid } = (await disk(lab)).metadata;
  await lab.admin.delete(dataVolumes, 'isnap-golden', WS);
  await eventually(async () => expect((await lab.admin.get(dataVolumes, 'isnap-golden', WS)).metadata.uid).not.toBe(uid));
  const conditions = [{ type: 'Running', status: 'False', reason: 'Error', message: 'There is no room.' }];
  await lab.admin.patch(dataVolumes, 'isnap-golden', WS, { status: { phase: 'ImportScheduled', conditions } }, { subresource: 'status' });
  await eventually(async () => expect((await phase(lab, 'Processing')).status?.conditions?.[0]?.message).toContain('There is no room.'));
  await copied(lab, 'Failed');
  expect((await phase(lab, 'Failed')).status?.conditions?.[0]).toMatchObject({ reason: 'CopyFailed' });
});

test('2.4: what cannot be copied fails with a ValidationError', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab, [environment('machine', { persistent: true })]);
  await lab.admin.create(instanceSnapshots, wish(WS));
  expect((await phase(lab, 'Failed')).status?.conditions?.[0]).toMatchObject({ reason: 'NotAMachine', status: 'False' });
  await eventually(async () => expect(await reasons(lab)).toContain('ValidationError'));
  expect((await lab.admin.list(dataVolumes, { namespace: WS })).items).toEqual([]);
});

test('a disk that was never made is not copied, though its volume is there', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  const status = { phase: 'ImportScheduled' };
  await eventually(() => lab.admin.patch(dataVolumes, DISK, NS, { status }, { subresource: 'status' }));
  await lab.settled();
  await lab.admin.create(instanceSnapshots, wish(WS));
  expect((await phase(lab, 'Failed')).status?.conditions?.[0]).toMatchObject({ reason: 'DiskNotReady' });
});

test.each<[string, Partial<Candidate> & { environments?: Environment[] }, Partial<InstanceSnapshot['spec']>]>([
  ['NotPersistent', { environments: [machine({ persistent: false })] }, {}],
  ['EnvironmentNotFound', {}, { environmentRef: { name: 'nothing' } }],
  ['InstanceNotFound', { instance: undefined }, {}],
  ['TemplateNotFound', { template: undefined }, {}],
  ['VirtualMachinesNotInstalled', { supported: false }, {}],
])('2.4: %s', (reason, { environments = [machine()], ...changes }, spec) => {
  const own = { apiVersion: '', kind: '', metadata: { name: 'any', namespace: NS } };
  const given = {
    snapshot: { ...own, spec: { ...wish(NS).spec, ...spec } },
    instance: { ...own, spec: InstanceSpec.parse(instance('ada', 'mine', { workspace: 'net', template: 'lab' }).spec) },
    template: { ...own, spec: template('net', 'lab', environments).spec },
    supported: true,
  };
  expect(chosenEnvironment({ ...given, ...changes })).toMatchObject({ reason });
});

test("an instance of another namespace, whose template is of a third, is nobody's to copy", () => {
  const own = { apiVersion: '', kind: '', metadata: { name: 'any', namespace: NS } };
  const foreign = {
    snapshot: { ...own, metadata: { name: 'any', namespace: 'workspace-other' }, spec: wish(NS).spec },
    instance: { ...own, spec: InstanceSpec.parse(instance('ada', 'mine', { workspace: 'net', template: 'lab' }).spec) },
    template: { ...own, spec: template('net', 'lab', [machine()]).spec },
    supported: true,
  };
  expect(chosenEnvironment(foreign)).toMatchObject({ reason: 'InstanceNotFound' });
});

test('a running instance is refused, and one that stops is waited for', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  await lab.settled();
  await lab.admin.create(instanceSnapshots, wish(WS));
  expect((await phase(lab, 'Failed')).status?.conditions?.[0]).toMatchObject({ reason: 'InstanceRunning' });
  await lab.admin.delete(instanceSnapshots, 'golden', WS);
  await eventually(async () => expect(await lab.admin.find(instanceSnapshots, 'golden', WS)).toBeUndefined());
  // What the machine's hypervisor shows until the guest is gone.
  const guest = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: DISK, namespace: NS, labels: OURS },
    spec: EMPTY,
  };
  await lab.admin.create(virtualMachineInstances, guest);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await lab.settled();
  await lab.admin.create(instanceSnapshots, wish(WS));
  expect((await phase(lab, 'Pending')).status?.conditions?.[0]).toMatchObject({ reason: 'WaitingForStop' });
  await lab.admin.delete(virtualMachineInstances, DISK, NS);
  await phase(lab, 'Processing');
});

const OURS = { 'crownlabs.polito.it/managed-by': 'test' };
const EMPTY = {
  domain: { cpu: { cores: 1 }, memory: { guest: '1G' }, resources: { requests: {}, limits: {} }, devices: { disks: [], interfaces: [] } },
  networks: [],
  volumes: [],
  terminationGracePeriodSeconds: 60,
};

test('a home without machines says that there is nothing to copy', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(instanceSnapshots, wish(WS));
  const { status } = await phase(lab, 'Failed');
  expect(status?.conditions?.find(({ type }) => type === 'Supported')).toMatchObject({ status: 'False' });
});

test('with a registry, a Job pushes the copy and the copy goes', async () => {
  const registry = {
    repository: 'registry.example.org/vms',
    pushSecret: 'registry-credentials',
    exporterImage: 'exporter:1',
    builderImage: 'kaniko:1',
  };
  await using lab = await startTestLab({ config: { snapshots: { registry } } });
  await installMachineKinds(lab.admin);
  await course(lab);
  lab.node.jobsEnd = 'never';
  await lab.admin.create(instanceSnapshots, wish(WS, { template: { name: 'exercise' } }));
  await disk(lab);
  await copied(lab);
  const job = await eventually(() => lab.admin.get(jobs, 'golden', WS));
  expect(job.spec?.backoffLimit).toBe(2);
  const [pusher] = job.spec?.template.spec?.containers ?? [];
  expect(pusher?.resources).toEqual({ requests: { memory: '8Gi' }, limits: { memory: '32Gi' } });
  expect(pusher?.args?.at(-1)).toMatch(/^--destination=registry\.example\.org\/vms\/ada\/netlab:\d{8}t\d{6}$/);
  await endJob(lab.admin, { name: 'golden', namespace: WS }, 'Complete');
  const { status } = await phase(lab, 'Completed');
  expect(status).toMatchObject({ environmentType: 'VirtualMachine', template: 'exercise' });
  expect((await lab.admin.get(templates, 'exercise', WS)).spec.environmentList[0]?.image).toBe(status?.image);
  await eventually(async () => expect(await lab.admin.find(dataVolumes, 'isnap-golden', WS)).toBeUndefined());
});

test('nobody copies what is not theirs, and nobody changes a wish', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  await lab.admin.create(tenants, tenant('eve', { other: 'manager' }, { personalWorkspace: { cpu: 1, memory: '1G', instances: 1 } }));
  await eventually(() => lab.admin.get(namespaces, 'tenant-eve'));
  await lab.settled();
  const manager = lab.as('boss', 'kubernetes:workspace-net:manager');
  const foreign = lab.as('eve', 'kubernetes:workspace-other:manager');
  const student = lab.as('ada', 'kubernetes:workspace-net:user');
  const attempts = [
    foreign.create(instanceSnapshots, wish('workspace-other')),
    foreign.create(instanceSnapshots, wish('tenant-eve')),
    foreign.create(instanceSnapshots, wish(WS)),
    foreign.create(instanceSnapshots, wish(NS)),
    student.create(instanceSnapshots, wish(WS)),
    student.create(instanceSnapshots, wish(NS)),
    manager.create(instanceSnapshots, wish(WS, { instanceRef: { name: 'nobodys', namespace: NS } })),
    lab.as('system:anonymous', 'system:unauthenticated').create(instanceSnapshots, wish(WS)),
  ];
  // All are heard at once: one that was refused while another is waited for would be an error of nobody.
  const refused = await Promise.allSettled(attempts);
  expect(refused).toEqual(attempts.map(() => ({ status: 'rejected', reason: expect.objectContaining({ code: 'Forbidden' }) })));
  await manager.create(instanceSnapshots, wish(WS));
  await expect(manager.patch(instanceSnapshots, 'golden', WS, { spec: { imageName: 'other' } })).rejects.toThrow('cannot be changed');
  const status = { phase: 'Completed', image: 'mydrive-pvcs/ada-drive' };
  const forged = manager.patch(instanceSnapshots, 'golden', WS, { status }, { subresource: 'status' });
  await expect(forged).rejects.toMatchObject({ code: 'Forbidden' });
});

test('a disk of another snapshot or instance is never overwritten', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await course(lab);
  const source = { http: { url: 'https://example.org/disk.img' } };
  await lab.admin.create(dataVolumes, {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name: 'isnap-golden', namespace: WS },
    spec: { source, pvc: { resources: { requests: { storage: '1Gi' } } } },
  });
  await lab.admin.create(instanceSnapshots, wish(WS));
  expect((await phase(lab, 'Failed')).status?.conditions?.[0]).toMatchObject({ reason: 'NameTaken' });
  expect((await disk(lab)).spec.source).toEqual(source);
});

test('the storage holds a disk in use still, where its driver can', async () => {
  await using lab = await startTestLab();
  await installMachineKinds(lab.admin);
  await installSnapshotKinds(lab.admin);
  await course(lab);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  const claim = await lab.admin.get(persistentVolumeClaims, DISK, NS);
  const driver = (await lab.admin.get(persistentVolumes, claim.spec?.volumeName ?? '')).spec?.csi?.driver;
  await lab.admin.raw('POST', '/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses', {
    apiVersion: 'snapshot.storage.k8s.io/v1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: 'fast' },
    driver,
  });
  await lab.admin.create(instanceSnapshots, wish(WS));
  const uid = (await phase(lab, 'Processing')).metadata.uid ?? '';
  const frozen = await eventually(() => lab.admin.get(volumeSnapshots, `snapshot-${uid}`, NS));
  expect(frozen.spec).toEqual({ volumeSnapshotClassName: 'fast', source: { persistentVolumeClaimName: DISK } });
  await lab.admin.patch(volumeSnapshots, `snapshot-${uid}`, NS, { status: { readyToUse: true } }, { subresource: 'status' });
  expect((await disk(lab)).spec.source).toEqual({ snapshot: { namespace: NS, name: `snapshot-${uid}` } });
  await copied(lab);
  await phase(lab, 'Completed');
  await eventually(async () => expect(await lab.admin.find(volumeSnapshots, `snapshot-${uid}`, NS)).toBeUndefined());
});
