import {
  clusterRoleBindings,
  clusterRoles,
  createClient,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '@crownlabs/client';
import { silent, systemClock } from '@crownlabs/std';
import { eventually, startTestLab, type TestLab } from '@crownlabs/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clonePolicy, type Disk, disks, guests, type Machine, machineCrds, machines, startVirt, type Virt } from './index.ts';

const NS = 'tenant-ada';
const IMAGE = 'crownlabs/vm-launcher:1';

let lab: TestLab;
let virt: Virt;
let stop: AbortController;
let answers: Record<string, string>;

beforeEach(async () => {
  lab = await startTestLab();
  // A launcher that ends is a machine that was shut down: here it runs until told otherwise.
  lab.node.jobsEnd = 'never';
  for (const crd of machineCrds())
    await lab.admin.raw('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      ...crd,
      metadata: { ...crd.metadata, annotations: APPROVED },
    });
  await eventually(() => lab.admin.list(machines, { namespace: NS }));
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await lab.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS, labels } });
  stop = new AbortController();
  answers = {};
  const shell = {
    open: () => Promise.reject(new Error('nothing listens')),
    run: async (_pod: unknown, _container: string, command: readonly string[]) => answers[command.join(' ')] ?? '',
  };
  virt = startVirt(
    { client: lab.admin, launcher: { image: IMAGE, acceleration: 'tcg' }, shell, clock: systemClock, log: silent },
    stop.signal,
  );
  await virt.ready;
});

afterEach(async () => {
  stop.abort();
  await virt.stopped;
  await lab[Symbol.asyncDispose]();
});

const APPROVED = { 'api-approved.kubernetes.io': 'unapproved, only for tests' };

const machine = (spec: Partial<Machine['spec']> = {}): Machine => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'vm', namespace: NS },
  spec: {
    running: true,
    template: {
      metadata: { labels: { course: 'os' } },
      spec: {
        domain: {
          cpu: { cores: 2 },
          memory: { guest: '1Gi' },
          devices: {
            disks: [
              { name: 'root', disk: { bus: 'virtio' } },
              { name: 'seed', disk: { bus: 'virtio' } },
            ],
            interfaces: [{ name: 'default', masquerade: {} }],
          },
        },
        networks: [{ name: 'default', pod: {} }],
        volumes: [
          { name: 'root', containerDisk: { image: 'crownlabs/vm-server:1' } },
          { name: 'seed', cloudInitNoCloud: { userData: '#cloud-config\n{}' } },
        ],
        readinessProbe: { tcpSocket: { port: 22 } },
      },
    },
    ...spec,
  },
});

const make = (one: Machine) => lab.admin.create(machines, { ...one, metadata: { ...one.metadata } });

const printed = (wanted: string) =>
  eventually(async () => {
    const found = await lab.admin.get(machines, 'vm', NS);
    expect(found.status?.printableStatus).toBe(wanted);
    return found;
  });

const launcher = () =>
  eventually(async () => {
    const { items } = await lab.admin.list(pods, { namespace: NS, labelSelector: 'kubevirt.io=virt-launcher' });
    const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (!pod) throw new Error('no launcher yet');
    return pod;
  });

const put = (name: string, subresource: string) =>
  virt.subresources.handle({
    method: 'PUT',
    namespace: NS,
    resource: subresource === 'pause' ? 'virtualmachineinstances' : 'virtualmachines',
    name,
    subresource,
    rest: [],
    signal: stop.signal,
  });

test('a machine runs in a pod that may do nothing that others may not, and its guest is asked whether it is there', async () => {
  await make(machine());
  await printed('Running');
  const pod = await launcher();
  expect(pod.metadata.labels).toMatchObject({ course: 'os', 'kubevirt.io/vm': 'vm' });
  expect(pod.metadata.annotations).toMatchObject({ 'virt.crownlabs.polito.it/userdata.seed': '#cloud-config\n{}' });
  expect(pod.spec?.containers).toMatchObject([
    {
      readinessProbe: { exec: { command: ['/usr/lib/crownlabs/answers', 'tcp', '22'] } },
      resources: { requests: { cpu: '200m', memory: '1280Mi' } },
      args: expect.arrayContaining(['overlay', '/run/machine/root.qcow2', '/images/root/disk']),
    },
  ]);
  const guest = await lab.admin.get(guests, 'vm', NS);
  expect(guest.status).toMatchObject({ phase: 'Running', nodeName: 'fake-node' });
  expect(guest.status?.interfaces?.[0]).toMatchObject({ name: 'default', ipAddress: pod.status?.podIP });
  const ready = await printed('Running');
  expect(ready.status).toMatchObject({ created: true, ready: true });
});

test('stopped it leaves nothing behind but itself, and started again it has the same address', async () => {
  await make(machine());
  await printed('Running');
  const mac = (await lab.admin.get(guests, 'vm', NS)).spec.domain.devices.interfaces?.[0]?.macAddress;
  await put('vm', 'stop');
  await printed('Stopped');
  expect((await lab.admin.get(machines, 'vm', NS)).spec.running).toBe(false);
  expect(await lab.admin.find(guests, 'vm', NS)).toBeUndefined();
  await eventually(async () => expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]));
  await expect(put('vm', 'stop')).rejects.toMatchObject({ code: 'Conflict' });
  await put('vm', 'start');
  await printed('Running');
  expect((await lab.admin.get(guests, 'vm', NS)).spec.domain.devices.interfaces?.[0]?.macAddress).toBe(mac);
});

test('a restart is another guest of the same machine', async () => {
  await make(machine());
  await printed('Running');
  const before = (await lab.admin.get(guests, 'vm', NS)).metadata.uid;
  await put('vm', 'restart');
  await eventually(async () => expect((await lab.admin.get(guests, 'vm', NS)).metadata.uid).not.toBe(before));
  const again = await printed('Running');
  await eventually(async () => expect((await lab.admin.get(machines, 'vm', NS)).status?.stateChangeRequests).toBeUndefined());
  expect(again.spec.running).toBe(true);
});

test('a machine that fails is started again, later each time, and says why', async () => {
  await make(machine());
  await printed('Running');
  const pod = await launcher();
  const terminated = { exitCode: 137, reason: 'OOMKilled', startedAt: '2026-01-01T00:00:00Z', finishedAt: '2026-01-01T00:00:01Z' };
  const containerStatuses = [{ ...pod.status?.containerStatuses?.[0], ready: false, state: { terminated } }];
  await lab.admin.patch(pods, pod.metadata.name, NS, { status: { phase: 'Failed', containerStatuses } }, { subresource: 'status' });
  const crashed = await printed('CrashLoopBackOff');
  expect(crashed.status?.startFailure).toMatchObject({ consecutiveFailCount: 1 });
  expect(crashed.status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain('needed more memory than it may have');
});

test('a machine that runs once and was shut down stays off', async () => {
  const { running: _, ...spec } = machine().spec;
  await make({ ...machine(), spec: { ...spec, runStrategy: 'Once' } });
  await printed('Running');
  const pod = await launcher();
  await lab.admin.patch(pods, pod.metadata.name, NS, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
  await printed('Stopped');
  await lab.settled();
  expect((await lab.admin.get(guests, 'vm', NS)).status?.phase).toBe('Succeeded');
});

test('a disk is filled before its machine boots, and how far it is can be seen', async () => {
  const root = { name: 'root', dataVolume: { name: 'vm-disk' } };
  const { template } = machine().spec;
  const volumes = [root, ...(template.spec.volumes ?? []).slice(1)];
  const dataVolumeTemplates = [
    {
      metadata: { name: 'vm-disk' },
      spec: { source: { registry: { url: 'docker://crownlabs/vm-server:1' } }, storage: { resources: { requests: { storage: '2Gi' } } } },
    },
  ];
  answers['cat /run/machine/progress'] = '4210 91 217000000\n';
  await make(machine({ template: { ...template, spec: { ...template.spec, volumes } }, dataVolumeTemplates }));
  await printed('Provisioning');
  await eventually(async () =>
    expect((await lab.admin.get(disks, 'vm-disk', NS)).status).toMatchObject({ phase: 'ImportInProgress', progress: '42.10%' }),
  );
  expect((await lab.admin.get(persistentVolumeClaims, 'vm-disk', NS)).spec?.resources?.requests).toEqual({ storage: '2Gi' });
  const { items } = await lab.admin.list(pods, { namespace: NS });
  expect(items).toHaveLength(1);
  const importer = items[0]?.metadata.name ?? '';
  await importerEnds(importer);
  await eventually(async () =>
    expect((await lab.admin.get(disks, 'vm-disk', NS)).status).toMatchObject({ phase: 'Succeeded', progress: '100.0%' }),
  );
  await printed('Running');
  await eventually(async () => expect(await lab.admin.find(pods, importer, NS)).toBeUndefined());
  // The disk is what differs from the image that the node says it had mounted, whatever its name means by now.
  expect((await lab.admin.get(persistentVolumeClaims, 'vm-disk', NS)).metadata.annotations).toMatchObject({
    'virt.crownlabs.polito.it/disk-base': BASE,
  });
  const { spec } = await launcher();
  expect(spec?.volumes).toContainEqual({ name: 'base-vm-disk', image: { reference: BASE, pullPolicy: 'Never' } });
  expect(spec?.containers[0]?.volumeMounts).toContainEqual({ name: 'base-vm-disk', mountPath: '/bases/vm-disk', readOnly: true });
  expect(spec?.containers[0]?.args?.join(' ')).toContain('file=/claims/root/disk.img,format=qcow2');
});

const BASE = `sha256:${'b'.repeat(64)}`;

/** What the node says of an importer that has ended well. */
async function importerEnds(name: string): Promise<void> {
  const { status } = await lab.admin.get(pods, name, NS);
  const volumeMounts = [{ name: 'base', mountPath: '/bases/x', readOnly: true, volumeStatus: { image: { imageRef: BASE } } }];
  const containerStatuses = [{ ...status?.containerStatuses?.[0], volumeMounts }];
  await lab.admin.patch(pods, name, NS, { status: { phase: 'Succeeded', containerStatuses } }, { subresource: 'status' });
}

const importer = () =>
  eventually(async () => {
    const { items } = await lab.admin.list(pods, { namespace: NS, labelSelector: 'cdi.kubevirt.io=importer' });
    if (!items[0]) throw new Error('no importer yet');
    return items[0];
  });

const disk = (name: string, source: Disk['spec']['source']) => ({
  apiVersion: 'cdi.kubevirt.io/v1beta1',
  kind: 'DataVolume',
  metadata: { name, namespace: NS },
  spec: { source, storage: { resources: { requests: { storage: '2Gi' } } } },
});

test('a copy of a disk leans on what that leans on, also when it is of another namespace, which is shown for reading as long as it takes', async () => {
  const from = 'workspace-net';
  await lab.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: from } });
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const annotations = { 'virt.crownlabs.polito.it/disk-base': BASE };
  await lab.admin.create(disks, disk('copy', { pvc: { namespace: from, name: 'golden' } }));
  await eventually(async () => {
    const { status } = await lab.admin.get(disks, 'copy', NS);
    expect(status?.conditions?.find(({ type }) => type === 'Running')?.message).toBe('The volume workspace-net/golden is not there.');
  });
  await lab.admin.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'golden', namespace: from, annotations },
    spec,
  });
  const { metadata, spec: made } = await importer();
  expect(made?.containers[0]?.args?.slice(2)).toEqual(['copy', '/claims/source', 'qcow2', '/bases/copy/disk']);
  const shown = made?.volumes?.find(({ name }) => name === 'source')?.persistentVolumeClaim?.claimName ?? '';
  const [volume, golden] = await Promise.all([volumeOf(shown, NS), volumeOf('golden', from)]);
  expect(volume.spec?.csi).toEqual({ ...golden.spec?.csi, readOnly: true });
  await importerEnds(metadata.name);
  await eventually(async () => expect((await lab.admin.get(disks, 'copy', NS)).status?.phase).toBe('Succeeded'));
  expect((await lab.admin.get(persistentVolumeClaims, 'copy', NS)).metadata.annotations).toMatchObject(annotations);
  await eventually(async () => {
    expect(await lab.admin.find(persistentVolumeClaims, shown, NS)).toBeUndefined();
    expect(await lab.admin.find(persistentVolumes, volume.metadata.name)).toBeUndefined();
  });
  expect(await lab.admin.find(persistentVolumes, golden.metadata.name)).toBeDefined();
});

async function volumeOf(claim: string, namespace: string) {
  const { spec } = await lab.admin.get(persistentVolumeClaims, claim, namespace);
  return lab.admin.get(persistentVolumes, spec?.volumeName ?? '');
}

test("nobody reads another namespace's disk through a copy of it, by a disk or by a machine", async () => {
  const { policy, binding } = clonePolicy();
  const path = '/apis/admissionregistration.k8s.io/v1';
  await lab.admin.raw('POST', `${path}/validatingadmissionpolicies`, policy);
  await lab.admin.raw('POST', `${path}/validatingadmissionpolicybindings`, binding);
  await lab.admin.create(clusterRoleBindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'ada-edits' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'machines' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'ada' }],
  });
  await lab.admin.create(clusterRoles, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'machines' },
    rules: [{ apiGroups: ['kubevirt.io', 'cdi.kubevirt.io'], resources: ['virtualmachines', 'datavolumes'], verbs: ['create'] }],
  });
  const ada = createClient(lab.api.transport({ username: 'ada', groups: ['system:authenticated'] }), { fieldManager: 'ada' });
  const theirs = { pvc: { namespace: 'tenant-eve', name: 'diary' } };
  const words = /only who may create datavolumes\/source/;
  await expect(ada.create(disks, disk('spied', theirs))).rejects.toThrow(words);
  const { metadata, spec } = disk('spied', theirs);
  const spying = machine({ dataVolumeTemplates: [{ metadata: { name: metadata.name }, spec }] });
  await expect(ada.create(machines, { ...spying, metadata: { ...spying.metadata } })).rejects.toThrow(words);
  await ada.create(disks, disk('own', { pvc: { namespace: NS, name: 'mine' } }));
});

test('a second look writes nothing', async () => {
  await make(machine());
  await printed('Running');
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(machines, 'vm', NS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
});

test('a field that is not realised here is refused by its name', async () => {
  const path = `/apis/kubevirt.io/v1/namespaces/${NS}/virtualmachines?fieldValidation=Strict`;
  const { template } = machine().spec;
  const spec = {
    ...template.spec,
    domain: { ...template.spec.domain, devices: { ...template.spec.domain.devices, gpus: [{ name: 'g' }] } },
  };
  const refused = lab.admin.raw('POST', path, { ...machine(), spec: { running: true, template: { ...template, spec } } });
  await expect(refused).rejects.toThrow(/unknown field "spec.template.spec.domain.devices.gpus"/);
});
