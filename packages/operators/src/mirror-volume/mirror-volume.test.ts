import { type Instance, instances, sharedVolumes, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { environment, eventually, instance, startTestLab, type TestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { sharedMirrorClaim } from './desired.ts';

const NS = 'tenant-ada';
const CLAIM = 'data-mine-mirror';
const VOLUME = `${NS}.${CLAIM}`;

/** A shared volume of `net`, and an instance of ada's whose template in `of` mounts it or not. */
async function course(lab: TestLab, { of = 'net', mounts = true, readOnly = false } = {}): Promise<Instance> {
  for (const name of ['net', 'other']) await lab.admin.create(workspaces, workspace(name));
  await lab.admin.create(tenants, tenant('ada', { [of]: 'user' }));
  await eventually(() => Promise.all([NS, 'workspace-net', 'workspace-other'].map((it) => lab.admin.get(namespaces, it))));
  await lab.admin.create(sharedVolumes, {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'SharedVolume',
    metadata: { name: 'data', namespace: 'workspace-net' },
    spec: { prettyName: 'Data', size: '1Gi' },
  });
  await eventually(async () => expect((await lab.admin.get(sharedVolumes, 'data', 'workspace-net')).status?.phase).toBe('Ready'));
  const mount = { sharedVolume: { name: 'data', namespace: 'workspace-net' }, mountPath: '/data', readOnly };
  await lab.admin.create(templates, template(of, 'desktop', [environment('desktop', mounts ? { sharedVolumeMounts: [mount] } : {})]));
  return lab.admin.create(instances, instance('ada', 'mine', { workspace: of, template: 'desktop' }));
}

/** As the instance operator asks; it may have asked before. */
async function ask(lab: TestLab, of: Instance): Promise<void> {
  const { resource, object } = sharedMirrorClaim(of, { name: 'data', namespace: 'workspace-net' });
  await lab.admin.apply(resource, object, { force: true });
}

const origin = async (lab: TestLab) => {
  const claim = await lab.admin.get(persistentVolumeClaims, 'shvol-data', 'workspace-net');
  return lab.admin.get(persistentVolumes, claim.spec?.volumeName ?? '');
};
const bound = (lab: TestLab) =>
  eventually(async () => {
    expect((await lab.admin.get(persistentVolumeClaims, CLAIM, NS)).status?.phase).toBe('Bound');
    return lab.admin.get(persistentVolumes, VOLUME);
  });

test('an instance sees the bytes of a shared volume through a volume of its own, with no feature gate', async () => {
  await using lab = await startTestLab();
  await ask(lab, await course(lab));
  const made = await bound(lab);
  const shown = await origin(lab);
  expect(made.spec).toMatchObject({
    csi: { driver: shown.spec?.csi?.driver, volumeHandle: shown.spec?.csi?.volumeHandle },
    capacity: { storage: '1' },
    accessModes: ['ReadWriteMany'],
    claimRef: { namespace: NS, name: CLAIM },
    persistentVolumeReclaimPolicy: 'Retain',
  });
  expect(made.metadata.labels).toMatchObject({
    'pmp.crownlabs.polito.it/mirrored-pv': shown.metadata.name,
    'pmp.crownlabs.polito.it/mirrored-pvc-name': 'shvol-data',
    'pmp.crownlabs.polito.it/mirrored-pvc-namespace': 'workspace-net',
  });
  const claim = await lab.admin.get(persistentVolumeClaims, CLAIM, NS);
  expect(claim.spec).toMatchObject({ storageClassName: 'pvc-mirror', volumeName: VOLUME, resources: { requests: { storage: '1' } } });
  await eventually(async () => expect((await lab.admin.get(sharedVolumes, 'data', 'workspace-net')).status?.instances).toBe(1));
});

test('a mirror goes with its instance, and the data stays', async () => {
  await using lab = await startTestLab();
  await ask(lab, await course(lab));
  await bound(lab);
  const shown = await origin(lab);
  await lab.admin.delete(templates, 'desktop', 'workspace-net');
  await lab.admin.delete(sharedVolumes, 'data', 'workspace-net');
  // The template is gone, the instance still has it open.
  await eventually(async () => expect((await lab.admin.get(sharedVolumes, 'data', 'workspace-net')).status?.phase).toBe('Deleting'));
  await lab.settled();
  expect((await lab.admin.get(persistentVolumes, shown.metadata.name)).status?.phase).toBe('Bound');
  await lab.admin.delete(instances, 'mine', NS);
  await eventually(async () => {
    expect(await lab.admin.find(persistentVolumes, VOLUME)).toBeUndefined();
    expect(await lab.admin.find(sharedVolumes, 'data', 'workspace-net')).toBeUndefined();
  });
});

test('a second look writes nothing; labels that were changed and a volume that was taken away come back', async () => {
  await using lab = await startTestLab();
  await ask(lab, await course(lab));
  await bound(lab);
  await lab.settled();
  const before = lab.api.store.revision;
  await lab.admin.patch(persistentVolumeClaims, CLAIM, NS, { metadata: { annotations: { looked: 'at' } } });
  await lab.settled();
  expect(lab.api.store.revision).toBe(before + 1);
  await lab.admin.patch(persistentVolumes, VOLUME, undefined, {
    metadata: { labels: { 'pmp.crownlabs.polito.it/mirrored-pv': 'another' } },
  });
  await eventually(async () => {
    const { labels } = (await lab.admin.get(persistentVolumes, VOLUME)).metadata;
    expect(labels?.['pmp.crownlabs.polito.it/mirrored-pv']).toBe((await origin(lab)).metadata.name);
  });
});

test('whoever is not in the workspace of a volume gets nothing of it through a template elsewhere; members may read it', async () => {
  await using lab = await startTestLab();
  const made = await course(lab, { of: 'other' });
  await ask(lab, made);
  await lab.settled();
  expect(await lab.admin.find(persistentVolumes, VOLUME)).toBeUndefined();
  await lab.admin.patch(tenants, 'ada', undefined, {
    spec: {
      workspaces: [
        { name: 'other', role: 'user' },
        { name: 'net', role: 'user' },
      ],
    },
  });
  await ask(lab, made);
  expect((await bound(lab)).spec?.csi?.readOnly).toBe(true);
});

test.each<[string, (lab: TestLab, made: Instance) => Promise<unknown>]>([
  ['whose instance has a template that does not mount it', (lab, made) => ask(lab, made)],
  ['that nobody owns', (lab, made) => claimWith(lab, made, { ownerReferences: [] })],
  ['of another origin than the template mounts', (lab, made) => claimWith(lab, made, { annotations: { [OF]: 'mydrive-pvcs/bob-drive' } })],
])('a claim %s gets no volume', async (_, attack) => {
  await using lab = await startTestLab();
  await attack(lab, await course(lab, { mounts: false }));
  await lab.settled();
  expect(await lab.admin.find(persistentVolumes, VOLUME)).toBeUndefined();
  // Whoever finds it of no use may have taken it away.
  expect((await lab.admin.find(persistentVolumeClaims, CLAIM, NS))?.status?.phase ?? 'Pending').toBe('Pending');
});

const OF = 'pmp.crownlabs.polito.it/mirror-of';

async function claimWith(lab: TestLab, of: Instance, metadata: object): Promise<void> {
  const { object } = sharedMirrorClaim(of, { name: 'data', namespace: 'workspace-net' });
  await lab.admin.apply(persistentVolumeClaims, { ...object, metadata: { ...object.metadata, ...metadata } }, { force: true });
}

test('a sandbox cannot mirror what is for personal namespaces', async () => {
  await using lab = await startTestLab();
  const made = await course(lab);
  await lab.admin.patch(tenants, 'ada', undefined, { spec: { createSandbox: true } });
  await eventually(() => lab.admin.get(namespaces, 'sandbox-ada'));
  const { object } = sharedMirrorClaim(
    { ...made, metadata: { ...made.metadata, namespace: 'sandbox-ada' } },
    { name: 'data', namespace: 'workspace-net' },
  );
  await lab.admin.apply(persistentVolumeClaims, object, { force: true });
  await lab.settled();
  expect(await lab.admin.find(persistentVolumes, `sandbox-ada.${CLAIM}`)).toBeUndefined();
});
