import { type SharedVolume, sharedVolumes, templates, tenants, workspaces } from '@crownlabs/api';
import { events, jobs, namespaces, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { endJob, environment, eventually, startTestLab, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { expect, test } from 'vitest';

const NS = 'workspace-net';

const volume = (size = '1Gi') => ({
  apiVersion: 'crownlabs.polito.it/v1alpha2',
  kind: 'SharedVolume',
  metadata: { name: 'data', namespace: NS },
  spec: { prettyName: 'Data', size },
});

async function course(lab: TestLab): Promise<void> {
  await lab.admin.create(workspaces, workspace('net'));
  await eventually(() => lab.admin.get(namespaces, NS));
}

const phase = (lab: TestLab, wanted: string): Promise<SharedVolume> =>
  eventually(async () => {
    const found = await lab.admin.get(sharedVolumes, 'data', NS);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

const claim = (lab: TestLab) => lab.admin.get(persistentVolumeClaims, 'shvol-data', NS);
const happened = async (lab: TestLab, reason: string) =>
  (await lab.admin.list(events, { namespace: NS })).items.filter((it) => it.reason === reason).length;
const mounts = (readOnly = true) => [
  environment('desktop', { sharedVolumeMounts: [{ sharedVolume: { name: 'data', namespace: NS }, mountPath: '/data', readOnly }] }),
];

test('8.1.17: a shared volume gets a claim and is handed over before it is Ready', async () => {
  await using lab = await startTestLab();
  await course(lab);
  lab.node.jobsEnd = 'never';
  await lab.admin.create(sharedVolumes, volume());
  const waiting = await phase(lab, 'Provisioning');
  const made = await claim(lab);
  expect(waiting.status?.pvName).toBe(made.spec?.volumeName);
  expect(made.metadata.labels).toMatchObject({
    'crownlabs.polito.it/managed-by': 'sharedvolume',
    'crownlabs.polito.it/volume-type': 'sharedvolume',
    'crownlabs.polito.it/volume-provisioning': 'pending',
  });
  expect(made.metadata.annotations).toMatchObject({
    'pmp.crownlabs.polito.it/required-target-ns-labels': 'crownlabs.polito.it/type=tenant',
  });
  expect(made.spec).toMatchObject({ accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } });
  const job = await lab.admin.get(jobs, 'shvol-data-provision', NS);
  expect(job.spec).toMatchObject({ backoffLimit: 3, ttlSecondsAfterFinished: 604_800 });
  expect(job.spec?.template.spec?.containers[0]).toMatchObject({
    command: ['chown', '-R', '1010:1010', '/media/mydrive'],
    resources: { limits: { cpu: '100m', memory: '128Mi' } },
  });
  // The Job's pod ends; a node would say so, and here a new one does.
  lab.node.jobsEnd = 'Succeeded';
  await lab.admin.delete(jobs, 'shvol-data-provision', NS);
  const ready = await phase(lab, 'Ready');
  expect(ready.metadata.finalizers).toEqual(['crownlabs.polito.it/shvolctrl-volume-protection']);
  expect(ready.metadata.labels).toMatchObject({ 'crownlabs.polito.it/managed-by': 'sharedvolume' });
  expect(ready.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
  expect((await claim(lab)).metadata.labels).toMatchObject({ 'crownlabs.polito.it/volume-provisioning': 'completed' });
});

test('8.1.17: it grows and never shrinks', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(sharedVolumes, volume());
  await phase(lab, 'Ready');
  await lab.admin.patch(sharedVolumes, 'data', NS, { spec: { size: '2Gi' } });
  await eventually(async () => {
    const { spec, status } = await claim(lab);
    expect(spec?.resources?.requests).toEqual({ storage: '2Gi' });
    expect(status?.capacity).toEqual({ storage: '2Gi' });
  });
  await phase(lab, 'Ready');
  await lab.admin.patch(sharedVolumes, 'data', NS, { spec: { size: '500Mi' } });
  const refused = await phase(lab, 'Error');
  expect(refused.status?.conditions?.[0]).toMatchObject({ reason: 'InvalidSize', status: 'False' });
  await eventually(async () => expect(await happened(lab, 'InvalidSize')).toBe(1));
  expect((await claim(lab)).spec?.resources?.requests).toEqual({ storage: '2Gi' });
  await lab.admin.patch(sharedVolumes, 'data', NS, { spec: { size: '2048Mi' } });
  await phase(lab, 'Ready');
});

test('8.1.17: it is not deleted while a template mounts it, whatever namespace that is in', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(workspaces, workspace('other'));
  await lab.admin.create(sharedVolumes, volume());
  await phase(lab, 'Ready');
  await eventually(() => lab.admin.get(namespaces, 'workspace-other'));
  await lab.admin.create(templates, template('other', 'guest', mounts()));
  await eventually(async () => expect((await lab.admin.get(sharedVolumes, 'data', NS)).status?.templates).toBe(1));
  await lab.admin.delete(sharedVolumes, 'data', NS);
  const kept = await phase(lab, 'Deleting');
  expect(kept.status?.conditions?.[0]?.message).toContain('workspace-other/guest');
  await eventually(async () => expect(await happened(lab, 'DeletionBlocked')).toBe(1));
  expect((await claim(lab)).metadata.deletionTimestamp).toBeUndefined();
  await lab.admin.patch(templates, 'guest', 'workspace-other', { spec: { environmentList: [environment('desktop')] } });
  await eventually(async () => {
    expect(await lab.admin.find(sharedVolumes, 'data', NS)).toBeUndefined();
    expect(await lab.admin.find(persistentVolumeClaims, 'shvol-data', NS)).toBeUndefined();
  });
});

test('a second look writes nothing, and what somebody changed by hand is put right', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(sharedVolumes, volume());
  await phase(lab, 'Ready');
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(sharedVolumes, 'data', NS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
  const label = 'pmp.crownlabs.polito.it/required-target-ns-labels';
  await lab.admin.patch(persistentVolumeClaims, 'shvol-data', NS, {
    metadata: { annotations: { [label]: 'crownlabs.polito.it/type=sandbox' } },
  });
  await eventually(async () => expect((await claim(lab)).metadata.annotations?.[label]).toBe('crownlabs.polito.it/type=tenant'));
  const { uid } = (await claim(lab)).metadata;
  await lab.admin.delete(persistentVolumeClaims, 'shvol-data', NS);
  await eventually(async () => {
    const again = await claim(lab);
    expect(again.metadata.uid).not.toBe(uid);
    expect(again.metadata.labels).toMatchObject({ 'crownlabs.polito.it/volume-provisioning': 'completed' });
    // Its bytes are new, so it was handed over anew.
    expect((await lab.admin.get(jobs, 'shvol-data-provision', NS)).metadata.annotations).toMatchObject({
      'lab.crownlabs.polito.it/claim-uid': again.metadata.uid,
    });
  });
});

test('a Job that fails is told of and tried again', async () => {
  await using lab = await startTestLab();
  await course(lab);
  lab.node.jobsEnd = 'never';
  await lab.admin.create(sharedVolumes, volume());
  await phase(lab, 'Provisioning');
  const { uid } = await eventually(async () => {
    const { metadata, status } = await lab.admin.get(jobs, 'shvol-data-provision', NS);
    expect(status?.ready).toBe(1);
    return metadata;
  });
  lab.node.jobsEnd = 'Succeeded';
  // Long ago: what has just failed is not tried again at once.
  await endJob(lab.admin, { name: 'shvol-data-provision', namespace: NS }, 'Failed', Date.UTC(2020, 0));
  await phase(lab, 'Ready');
  expect((await lab.admin.get(jobs, 'shvol-data-provision', NS)).metadata.uid).not.toBe(uid);
  await eventually(async () => expect(await happened(lab, 'ProvisioningFailed')).toBe(1));
});

test('a full quota of the workspace is said in words and not retried in a hurry', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.raw('POST', `/api/v1/namespaces/${NS}/resourcequotas`, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q' },
    spec: { hard: { 'requests.storage': '500Mi' } },
  });
  await lab.settled();
  await lab.admin.create(sharedVolumes, volume());
  const full = await phase(lab, 'ResourceQuotaExceeded');
  expect(full.status?.conditions?.[0]?.message).toContain('may not have more storage');
  await lab.settled();
});

test('managers care for the volumes of their own workspace, students look, others see nothing', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(tenants, tenant('ada', { net: 'manager' }));
  const manager = lab.as('ada', 'kubernetes:workspace-net:manager');
  const student = lab.as('bob', 'kubernetes:workspace-net:user');
  const foreign = lab.as('eve', 'kubernetes:workspace-other:manager');
  await eventually(() => manager.create(sharedVolumes, volume()));
  await phase(lab, 'Ready');
  await manager.patch(sharedVolumes, 'data', NS, { spec: { prettyName: 'Other' } });
  expect((await student.get(sharedVolumes, 'data', NS)).spec.prettyName).toBe('Other');
  const status = { phase: 'Ready' };
  for (const attempt of [
    student.patch(sharedVolumes, 'data', NS, { spec: { size: '9Gi' } }),
    student.delete(sharedVolumes, 'data', NS),
    foreign.get(sharedVolumes, 'data', NS),
    foreign.create(sharedVolumes, volume()),
    manager.patch(sharedVolumes, 'data', NS, { status }, { subresource: 'status' }),
    manager.get(persistentVolumeClaims, 'shvol-data', NS),
    manager.list(persistentVolumes),
  ]) {
    await expect(attempt).rejects.toMatchObject({ code: 'Forbidden' });
  }
});
