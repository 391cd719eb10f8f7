import {
  clusterRoleBindings,
  clusterRoles,
  createClient,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '@crownlabs/client';
import { eventually } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { clonePolicy, type Disk, disks, machines } from '../index.ts';
import { snapshots } from '../kinds/kinds.ts';
import { answers, claim, emulator, lab, launcher, machine, make, NS, printed, useVirtLab } from '../virt-lab.test-support.ts';

useVirtLab();

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
    const [first] = items;
    // What a node says later than the test would be the last word.
    if (first?.status?.phase !== 'Running') throw new Error('no importer yet');
    return first;
  });

const SIZED = { resources: { requests: { storage: '2Gi' } } };

const disk = (name: string, source: Disk['spec']['source'], storage: Disk['spec']['storage'] = SIZED) => ({
  apiVersion: 'cdi.kubevirt.io/v1beta1',
  kind: 'DataVolume',
  metadata: { name, namespace: NS },
  spec: { source, storage },
});

test('a copy of a disk leans on what that leans on, also when it is of another namespace, which is shown for reading as long as it takes', async () => {
  const from = 'workspace-net';
  await lab.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: from } });
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const annotations = { 'virt.crownlabs.polito.it/disk-base': BASE };
  // It says nothing of its size: that is the other's.
  await lab.admin.create(disks, disk('copy', { pvc: { namespace: from, name: 'golden' } }, {}));
  await eventually(async () => {
    const { status } = await lab.admin.get(disks, 'copy', NS);
    expect(status?.conditions?.find(({ type }) => type === 'Running')?.message).toBe('The volume workspace-net/golden is not there.');
  });
  const golden = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'golden', namespace: from, annotations }, spec };
  await lab.admin.create(persistentVolumeClaims, golden);
  const { metadata, spec: made } = await importer();
  expect(made?.containers[0]?.args?.slice(1)).toEqual([String(2 ** 30), 'copy', '/claims/source/disk.img', 'qcow2', '/bases/copy/disk']);
  const shown = made?.volumes?.find(({ name }) => name === 'source')?.persistentVolumeClaim?.claimName ?? '';
  const [volume, origin] = await Promise.all([volumeOf(shown, NS), volumeOf('golden', from)]);
  expect(volume.spec?.csi).toEqual({ ...origin.spec?.csi, readOnly: true });
  await importerEnds(metadata.name);
  await eventually(async () => expect((await lab.admin.get(disks, 'copy', NS)).status?.phase).toBe('Succeeded'));
  expect((await lab.admin.get(persistentVolumeClaims, 'copy', NS)).metadata.annotations).toMatchObject(annotations);
  await eventually(async () => {
    expect(await lab.admin.find(persistentVolumeClaims, shown, NS)).toBeUndefined();
    expect(await lab.admin.find(persistentVolumes, volume.metadata.name)).toBeUndefined();
  });
  expect(await lab.admin.find(persistentVolumes, origin.metadata.name)).toBeDefined();
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

test('a disk that a running machine uses is copied as it was at one moment, with its file systems held still, and the copy becomes a disk', async () => {
  await claim('kept');
  const devices = {
    disks: [
      { name: 'seed', disk: {} },
      { name: 'root', disk: {} },
    ],
  };
  const volumes = [
    { name: 'seed', cloudInitNoCloud: { userData: 'x' } },
    { name: 'root', persistentVolumeClaim: { claimName: 'kept' } },
  ];
  await make(machine({ template: { spec: { domain: { devices }, volumes } } }));
  await printed('Running');
  const asked = emulator((command) => (command === 'drive-backup' ? { event: 'BLOCK_JOB_COMPLETED', data: {} } : { return: {} }));
  const snapshot = { apiVersion: 'snapshot.storage.k8s.io/v1', kind: 'VolumeSnapshot', metadata: { name: 'now', namespace: NS } };
  await lab.admin.create(disks, disk('copy', { snapshot: { namespace: NS, name: 'now' } }));
  const made = await lab.admin.create(snapshots, { ...snapshot, spec: { source: { persistentVolumeClaimName: 'kept' } } });
  const file = `snapshot-${made.metadata.uid}`;
  const { spec: pod } = await importer();
  expect(pod?.containers[0]?.args?.slice(2)).toEqual(['copy', `/claims/source/${file}`, 'raw']);
  const words = asked.map(({ execute }) => execute);
  expect(words.slice(words.indexOf('guest-fsfreeze-freeze'))).toEqual(['guest-fsfreeze-freeze', 'drive-backup', 'guest-fsfreeze-thaw']);
  expect(asked.find(({ execute }) => execute === 'drive-backup')?.arguments).toMatchObject({
    device: 'disk1',
    target: `/claims/root/${file}`,
    sync: 'full',
    format: 'raw',
  });
  await lab.admin.delete(snapshots, 'now', NS);
  await eventually(async () => expect(await lab.admin.find(snapshots, 'now', NS)).toBeUndefined());
});
