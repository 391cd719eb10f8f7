import { type Instance, instanceSnapshots, instances, templates, tenants, workspaces } from '@crownlabs/api';
import { dataVolumes, namespaces, persistentVolumeClaims, virtualMachineInstances, virtualMachines } from '@crownlabs/client';
import {
  environment,
  eventually,
  installMachineKinds,
  instance,
  startTestLab,
  type TestLab,
  template,
  tenant,
  workspace,
} from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { RESTORED_FROM } from './restore.ts';

const NS = 'tenant-ada';
const WS = 'workspace-net';
const NAME = 'mine-machine';

/** Ada's machine that runs, with a disk that its operator wished for and a volume behind it, as CDI makes one. */
async function machine(lab: TestLab): Promise<void> {
  await installMachineKinds(lab.admin);
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([NS, WS].map((it) => lab.admin.get(namespaces, it))));
  const resources = { cpu: 2, memory: '2G', disk: '20Gi', reservedCPUPercentage: 25 };
  const image = 'registry.example.org/net/lab:1';
  const kept = environment('machine', { environmentType: 'VirtualMachine', image, persistent: true, resources });
  await lab.admin.create(templates, template('net', 'lab', [kept]));
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }));
  await volume(lab);
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(true));
}

async function volume(lab: TestLab): Promise<void> {
  const { metadata } = await eventually(() => lab.admin.get(dataVolumes, NAME, NS));
  const { labels, annotations, uid = '' } = metadata;
  const owner = { apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'DataVolume', name: NAME, uid, controller: true };
  await lab.admin.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: NAME, namespace: NS, labels, annotations, ownerReferences: [owner] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '20Gi' } } },
  });
  await lab.admin.patch(dataVolumes, NAME, NS, { status: { phase: 'Succeeded' } }, { subresource: 'status' });
}

/** A snapshot in the namespace of the template, of the instance of that name. */
async function snapshot(lab: TestLab, name: string, of: string, phase = 'Completed'): Promise<void> {
  await lab.admin.create(instanceSnapshots, {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'InstanceSnapshot',
    metadata: { name, namespace: WS },
    spec: { instanceRef: { name: of, namespace: NS }, imageName: name },
  });
  // Its own controller has looked at it, and does so once.
  await lab.settled();
  const status = { phase, image: `${WS}/isnap-${name}`, environmentType: 'LocalVM' };
  await lab.admin.patch(instanceSnapshots, name, WS, { status }, { subresource: 'status' });
}

const wish = (lab: TestLab, name: string, requestedAt: string) =>
  lab.admin.patch(instances, 'mine', NS, { spec: { restore: { snapshotRef: { name, namespace: WS }, requestedAt } } });

const said = (it: Instance) => it.status?.conditions?.find(({ type }) => type === 'Restored');
const restored = (lab: TestLab, expected: object) =>
  eventually(async () => expect(said(await lab.admin.get(instances, 'mine', NS))).toMatchObject(expected));

test('a machine goes back to a snapshot of its own: it stops, its disk is made anew from that, and it starts again', async () => {
  await using lab = await startTestLab();
  await machine(lab);
  const first = (await lab.admin.get(dataVolumes, NAME, NS)).metadata.uid;
  await snapshot(lab, 'before-exam', 'mine');
  const guest = await lab.admin.create(virtualMachineInstances, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: NAME, namespace: NS, labels: (await lab.admin.get(virtualMachines, NAME, NS)).metadata.labels },
    spec: (await lab.admin.get(virtualMachines, NAME, NS)).spec.template.spec,
  });
  await lab.settled();
  await wish(lab, 'before-exam', '2026-01-01T10:00:00Z');
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(false));
  await lab.settled();
  // Who still writes to it would find it gone.
  expect((await lab.admin.get(dataVolumes, NAME, NS)).metadata.uid).toBe(first);
  await restored(lab, { status: 'False', reason: 'Restoring' });
  await lab.admin.delete(virtualMachineInstances, guest.metadata.name, NS);
  await lab.admin.patch(virtualMachines, NAME, NS, { status: { printableStatus: 'Stopped' } }, { subresource: 'status' });
  const next = await eventually(async () => {
    const found = await lab.admin.get(dataVolumes, NAME, NS);
    expect(found.metadata.uid).not.toBe(first);
    return found;
  });
  expect(next.spec.source).toEqual({ pvc: { namespace: WS, name: 'isnap-before-exam' } });
  expect(next.metadata.annotations?.[RESTORED_FROM]).toMatch(/\/2026-01-01T10:00:00Z$/);
  await volume(lab);
  await eventually(async () => expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(true));
  await restored(lab, { status: 'True' });
  // Once is enough, until somebody asks again.
  await lab.settled();
  expect((await lab.admin.get(dataVolumes, NAME, NS)).metadata.uid).toBe(next.metadata.uid);
  await wish(lab, 'before-exam', '2026-01-01T11:00:00Z');
  await eventually(async () => expect((await lab.admin.get(dataVolumes, NAME, NS)).metadata.uid).not.toBe(next.metadata.uid));
});

test('a snapshot that is not there, not made or of somebody else is said to be so, and nothing is lost', async () => {
  await using lab = await startTestLab();
  await machine(lab);
  const { uid } = (await lab.admin.get(dataVolumes, NAME, NS)).metadata;
  await lab.admin.create(instances, instance('ada', 'theirs', { workspace: 'net', template: 'lab' }));
  await snapshot(lab, 'of-another', 'theirs');
  await snapshot(lab, 'broken', 'mine', 'Failed');
  for (const [name, reason] of [
    ['nothing', 'SnapshotNotFound'],
    ['of-another', 'SnapshotNotFound'],
    ['broken', 'SnapshotFailed'],
  ] as const) {
    await wish(lab, name, '2026-01-01T10:00:00Z');
    await restored(lab, { status: 'False', reason, message: expect.stringContaining(name) });
  }
  expect((await lab.admin.get(dataVolumes, NAME, NS)).metadata.uid).toBe(uid);
  expect((await lab.admin.get(virtualMachines, NAME, NS)).spec.running).toBe(true);
});
