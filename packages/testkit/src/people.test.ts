import { instances, type Tenant, templates, tenants, type Workspace, workspaces } from '@crownlabs/api';
import {
  apiVersionOf,
  clusterRoleBindings,
  clusterRoles,
  events,
  jobs,
  type KubeObject,
  limitRanges,
  namespaces,
  networkPolicies,
  persistentVolumeClaims,
  persistentVolumes,
  type Resource,
  resourceQuotas,
  roleBindings,
  type Transport,
} from '@crownlabs/client';
import { type Directory, embeddedDirectory } from '@crownlabs/operators';
import { expect, test } from 'vitest';
import { endJob } from './end-job.ts';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-marco-iorio';
const DRIVE = ['marco-iorio-drive', 'mydrive-pvcs'] as const;

const marco = (lab: TestLab): Promise<Tenant> => lab.admin.get(tenants, 'marco.iorio');
const change = (lab: TestLab, spec: object) => lab.admin.patch(tenants, 'marco.iorio', undefined, { spec });
const gone = async <T extends KubeObject>(lab: TestLab, kind: Resource<T>, name: string, namespace?: string) =>
  eventually(async () => expect(await lab.admin.find(kind, name, namespace)).toBeUndefined(), 8_000);

/** Tells of every change of a volume half a second later than of all else. */
function lateVolumes(transport: Transport): Transport {
  async function* late(body: AsyncIterable<Uint8Array>) {
    for await (const chunk of body) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      yield chunk;
    }
  }
  return async (request) => {
    const answer = await transport(request);
    return request.path.startsWith('/api/v1/persistentvolumes?') ? { ...answer, body: late(answer.body) } : answer;
  };
}

/** A directory that says of everybody what the test says. */
function heldDirectory() {
  const state = { confirmed: false, away: false, roles: new Map<string, readonly string[]>() };
  const answer = () => {
    if (state.away) throw new Error('the directory is away');
  };
  const directory: Directory = {
    ...embeddedDirectory,
    async ensureUser() {
      answer();
      return { created: true, confirmed: state.confirmed };
    },
    async setRoles(name, roles) {
      answer();
      state.roles.set(name, roles);
    },
    ensureWorkspace: async () => answer(),
  };
  return { state, directory };
}

test('8.1.2: until the address is confirmed there is an account and nothing else; until the first sign-in there is no namespace', async () => {
  const { state, directory } = heldDirectory();
  await using lab = await startTestLab({ directory, config: { waitUserVerification: true, namespaceKeepAliveMs: 3_600_000 } });
  await lab.admin.create(workspaces, workspace('netgroup'));
  await lab.admin.create(tenants, tenant('marco.iorio', { netgroup: 'manager' }, { firstName: 'Marco', lastName: 'De Iorio' }));
  await lab.settled();
  const { metadata, status } = await marco(lab);
  expect(metadata.finalizers).toContain('crownlabs.polito.it/tenant-operator');
  expect(metadata.labels).toMatchObject({
    'crownlabs.polito.it/managed-by': 'tenant',
    'crownlabs.polito.it/first-name': 'Marco',
    'crownlabs.polito.it/last-name': 'De_Iorio',
    'crownlabs.polito.it/workspace-netgroup': 'manager',
  });
  expect(status).toMatchObject({
    ready: false,
    keycloak: { userCreated: { created: true }, userConfirmed: false, userSynchronized: true },
  });
  expect(status?.conditions?.[0]).toMatchObject({ reason: 'WaitingForConfirmation', message: expect.stringContaining('Confirm') });
  expect(state.roles.get('marco.iorio')).toEqual(['workspace-netgroup:manager']);
  const name = 'crownlabs-manage-tenant-marco-iorio';
  const pair = () => Promise.all([clusterRoles, clusterRoleBindings].map((kind: Resource) => lab.admin.find(kind, name)));
  expect(await pair()).toEqual([undefined, undefined]);
  state.confirmed = true;
  // The directory would tell; here somebody looks again.
  await lab.admin.patch(tenants, 'marco.iorio', undefined, { metadata: { annotations: { looked: 'again' } } });
  await eventually(async () => expect((await pair()).map((it) => it?.metadata.name)).toEqual([name, name]));
  await lab.settled();
  expect(await lab.admin.find(namespaces, NS)).toBeUndefined();
  expect((await marco(lab)).status).toMatchObject({ ready: true, personalNamespace: { created: false } });
});

test('a directory that is away keeps nobody from what he already has, is told of, and is asked again', async () => {
  const { state, directory } = heldDirectory();
  await using lab = await startTestLab({ directory });
  state.away = true;
  await lab.admin.create(workspaces, workspace('netgroup'));
  await lab.admin.create(tenants, tenant('marco.iorio', { netgroup: 'user' }));
  await eventually(() => lab.admin.get(roleBindings, 'crownlabs-manage-instances', NS));
  await eventually(() => lab.admin.get(roleBindings, 'crownlabs-view-templates', 'workspace-netgroup'));
  await eventually(async () => {
    expect((await marco(lab)).status).toMatchObject({
      ready: false,
      keycloak: { userSynchronized: false },
      subscriptions: { keycloak: 'Failed' },
    });
    expect((await lab.admin.get(workspaces, 'netgroup')).status).toMatchObject({ ready: false, subscription: { keycloak: 'Failed' } });
  });
  state.away = false;
  for (const [kind, name] of [
    [tenants, 'marco.iorio'],
    [workspaces, 'netgroup'],
  ] as const) {
    await lab.admin.patch<KubeObject>(kind, name, undefined, { metadata: { annotations: { looked: 'again' } } });
  }
  await eventually(async () => {
    expect((await marco(lab)).status?.ready).toBe(true);
    expect((await lab.admin.get(workspaces, 'netgroup')).status?.ready).toBe(true);
  });
});

test('8.1.5: quotas add up within the caps, a candidate has none, and what a personal workspace allows is added', async () => {
  await using lab = await startTestLab();
  const quota = { cpu: 20, memory: '30G', instances: 4, disk: '10Gi', otherResources: { 'nvidia.com/gpu': 1 } };
  for (const name of ['a', 'b', 'c']) await lab.admin.create(workspaces, workspace(name, { quota, autoEnroll: 'withApproval' }));
  await lab.admin.create(tenants, tenant('marco.iorio', { a: 'user', c: 'candidate' }));
  const hard = async () => (await lab.admin.get(resourceQuotas, 'crownlabs-resource-quota', NS)).spec?.hard;
  const one = {
    'limits.cpu': '20',
    'requests.cpu': '20',
    'limits.memory': '30G',
    'requests.memory': '30G',
    'count/instances.crownlabs.polito.it': '4',
    'requests.storage': '10Gi',
    // Kubernetes counts devices under this name alone.
    'requests.nvidia.com/gpu': '1',
  };
  await eventually(async () => expect(await hard()).toEqual(one));
  await change(lab, {
    workspaces: [
      { name: 'a', role: 'user' },
      { name: 'b', role: 'user' },
    ],
  });
  await eventually(async () =>
    expect(await hard()).toMatchObject({ 'limits.cpu': '25', 'limits.memory': '50G', 'requests.nvidia.com/gpu': '2' }),
  );
  await change(lab, { workspaces: [], personalWorkspace: { cpu: 3, memory: '4G', instances: 1 } });
  // Without a limit for disks there is none: nought would forbid every volume.
  await eventually(async () => expect(await hard()).not.toHaveProperty('requests.storage'));
  expect(await hard()).toMatchObject({ 'limits.cpu': '3', 'count/instances.crownlabs.polito.it': '1' });
  await eventually(async () => expect((await marco(lab)).status?.personalWorkspaceCreated).toBe(true));
  await eventually(() => lab.admin.get(roleBindings, 'crownlabs-manage-templates', NS));
  await lab.admin.patch(tenants, 'marco.iorio', undefined, { spec: { personalWorkspace: null } });
  await gone(lab, roleBindings, 'crownlabs-manage-templates', NS);
  await eventually(async () => expect((await marco(lab)).status?.personalWorkspaceCreated).toBe(false));
});

test('8.1.6: an unknown workspace is told in the status, in a condition and in an Event, and works when it appears', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(tenants, tenant('marco.iorio', { later: 'user' }, { publicKeys: ['ssh-rsa AAAAB3NzaC1yc2E= me', 'oops'] }));
  await eventually(async () => expect((await marco(lab)).status?.failingWorkspaces).toEqual(['later']));
  const { status } = await marco(lab);
  expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'WorkspacesFailing', reason: 'UnknownWorkspace' }));
  expect(status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'PublicKeysInvalid', message: expect.stringContaining('SSH key 2 is') }),
  );
  await eventually(async () =>
    expect((await lab.admin.list(events)).items).toContainEqual(expect.objectContaining({ reason: 'UnknownWorkspace', type: 'Warning' })),
  );
  await lab.admin.create(workspaces, workspace('later'));
  await eventually(async () => expect((await marco(lab)).status?.failingWorkspaces).toEqual([]));
  expect((await marco(lab)).metadata.labels).toHaveProperty('crownlabs.polito.it/workspace-later', 'user');
});

test('what has no spec, which no schema demands, keeps nobody from working', async () => {
  await using lab = await startTestLab();
  // Whoever asks no webhook may have let them in.
  for (const kind of [tenants, workspaces, instances]) {
    const namespace = kind.namespaced ? { namespace: 'default' } : {};
    const hollow = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name: 'hollow', ...namespace } };
    await lab.room('operators').create<KubeObject>(kind, hollow);
  }
  await lab.restart();
  await lab.admin.create(tenants, tenant('marco.iorio', { hollow: 'user' }));
  await eventually(async () => expect((await marco(lab)).status).toMatchObject({ ready: true, failingWorkspaces: ['hollow'] }));
  await lab.admin.create(workspaces, workspace('net'));
  await change(lab, { workspaces: ['net', 'hollow'].map((name) => ({ name, role: 'user' })) });
  await eventually(() => lab.admin.get(namespaces, 'workspace-net'));
  await lab.admin.create(templates, template('net', 'lab'));
  await lab.settled();
  await lab.admin.create(instances, instance('marco.iorio', 'mine', { workspace: 'net', template: 'lab' }));
});

test('8.1.7: a sandbox has a quota, limits and an editor', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(tenants, tenant('marco.iorio', {}, { createSandbox: true }));
  const sandbox = 'sandbox-marco-iorio';
  const binding = await eventually(() => lab.admin.get(roleBindings, 'sandbox-editor', sandbox));
  expect(binding).toMatchObject({ roleRef: { name: 'crownlabs-sandbox' }, subjects: [{ kind: 'User', name: 'marco.iorio' }] });
  expect((await lab.admin.get(resourceQuotas, 'sandbox-resource-quota', sandbox)).spec?.hard).toEqual({
    'limits.cpu': '4',
    'requests.cpu': '2',
    'limits.memory': '8G',
    'requests.memory': '8G',
  });
  expect((await lab.admin.get(limitRanges, 'sandbox-limit-range', sandbox)).spec?.limits).toEqual([
    { type: 'Container', default: { cpu: '100m', memory: '250M' }, defaultRequest: { cpu: '10m', memory: '50M' } },
  ]);
  await eventually(async () => expect((await marco(lab)).status?.sandboxNamespace).toEqual({ name: sandbox, created: true }));
});

test('what people wrote outlives their account, and is there when they come back; it goes with them if somebody asks for that', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(tenants, tenant('marco.iorio'));
  const first = await eventually(() => lab.admin.get(persistentVolumeClaims, ...DRIVE));
  await eventually(() => lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive-mirror', NS));
  await lab.admin.delete(tenants, 'marco.iorio');
  await gone(lab, tenants, 'marco.iorio');
  await gone(lab, namespaces, NS);
  await lab.settled();
  expect((await lab.admin.get(persistentVolumeClaims, ...DRIVE)).metadata.uid).toBe(first.metadata.uid);
  await lab.admin.create(tenants, tenant('marco.iorio'));
  await eventually(async () =>
    expect((await lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive-mirror', NS)).status?.phase).toBe('Bound'),
  );
  expect((await lab.admin.get(persistentVolumeClaims, ...DRIVE)).metadata.uid).toBe(first.metadata.uid);
  const annotations = { 'lab.crownlabs.polito.it/delete-drive': 'true' };
  await lab.admin.patch(tenants, 'marco.iorio', undefined, { metadata: { annotations } });
  await lab.admin.delete(tenants, 'marco.iorio');
  await gone(lab, persistentVolumeClaims, ...DRIVE);
});

test('a drive is shown also when its volume is heard of after the claim that holds it', async () => {
  await using lab = await startTestLab({ between: lateVolumes });
  await lab.admin.create(tenants, tenant('marco.iorio'));
  await eventually(async () =>
    expect((await lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive-mirror', NS)).status?.phase).toBe('Bound'),
  );
});

test('where new volumes belong to root, a drive is handed over before it is shown', async () => {
  await using lab = await startTestLab({ config: { drive: { size: '1Gi', storageClassName: 'local', provisionerImage: 'busybox:1' } } });
  lab.node.jobsEnd = 'never';
  await lab.admin.create(tenants, tenant('marco.iorio'));
  const job = await eventually(() => lab.admin.get(jobs, 'marco-iorio-drive-provision', 'mydrive-pvcs'));
  expect(job.spec?.template.spec?.containers[0]?.command).toEqual(['chown', '-R', '1010:1010', '/media/mydrive']);
  const label = async () =>
    (await lab.admin.get(persistentVolumeClaims, ...DRIVE)).metadata.labels?.['crownlabs.polito.it/volume-provisioning'];
  expect(await label()).toBe('pending');
  const mirror = () => lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive-mirror', NS);
  // Whoever mounts it waits.
  expect((await eventually(mirror)).status?.phase).not.toBe('Bound');
  expect(await lab.admin.find(persistentVolumes, 'tenant-marco-iorio.marco-iorio-drive-mirror')).toBeUndefined();
  await endJob(lab.admin, { name: 'marco-iorio-drive-provision', namespace: 'mydrive-pvcs' }, 'Complete');
  await eventually(async () => expect(await label()).toBe('completed'));
  await eventually(async () => expect((await mirror()).status?.phase).toBe('Bound'));
  const { metadata } = await lab.admin.get(persistentVolumes, 'tenant-marco-iorio.marco-iorio-drive-mirror');
  expect(metadata.labels).toMatchObject({
    'pmp.crownlabs.polito.it/mirrored-pvc-name': 'marco-iorio-drive',
    'pmp.crownlabs.polito.it/mirrored-pvc-namespace': 'mydrive-pvcs',
  });
});

test('8.1.3: the claim of the drive is there before its volume is, and goes when that turns out to be of one place alone', async () => {
  await using lab = await startTestLab({ config: { drive: { size: '1Gi', storageClassName: 'nobody-makes-it' } } });
  await lab.admin.create(tenants, tenant('marco.iorio'));
  const mirror = await eventually(() => lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive-mirror', NS));
  expect(mirror.spec).toMatchObject({ accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1' } } });
  await lab.admin.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'one-place' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany'],
      storageClassName: 'nobody-makes-it',
      iscsi: { targetPortal: '10.0.0.1:3260', iqn: 'iqn.2026-10.org.example:one', lun: 0 },
      claimRef: { name: DRIVE[0], namespace: DRIVE[1] },
    },
  });
  await gone(lab, persistentVolumeClaims, 'marco-iorio-drive-mirror', NS);
  await eventually(async () => expect((await marco(lab)).status?.conditions?.map(({ type }) => type)).toContain('DriveUnavailable'));
});

test('8.1.4: templates of their own keep a personal namespace, and when the last one goes, so does the namespace', async () => {
  await using lab = await startTestLab({ config: { namespaceKeepAliveMs: 3_600_000 } });
  const personalWorkspace = { cpu: 2, memory: '2G', instances: 1 };
  await lab.admin.create(tenants, tenant('marco.iorio', {}, { personalWorkspace, lastLogin: new Date().toISOString() }));
  await eventually(() => lab.admin.get(namespaces, NS));
  const own = template('x', 'own', [environment('web')]);
  await lab.admin.create(templates, { ...own, metadata: { name: 'own', namespace: NS } });
  await lab.settled();
  await change(lab, { lastLogin: '2020-01-01T00:00:00Z' });
  await lab.settled();
  expect((await lab.admin.get(namespaces, NS)).metadata.deletionTimestamp).toBeUndefined();
  await lab.admin.delete(templates, 'own', NS);
  await gone(lab, namespaces, NS);
});

test('8.1.1: joining at once makes users of candidates, closing the door sends them away', async () => {
  await using lab = await startTestLab();
  const mode = (autoEnroll: Workspace['spec']['autoEnroll']) => lab.admin.patch(workspaces, 'net', undefined, { spec: { autoEnroll } });
  const label = async () => (await lab.admin.get(workspaces, 'net')).metadata.labels?.['crownlabs.polito.it/autoenroll'];
  const role = async (name: string) => (await lab.admin.get(tenants, name)).spec.workspaces?.map((it) => it.role);
  await lab.admin.create(workspaces, workspace('net', { autoEnroll: 'withApproval' }));
  await lab.admin.create(tenants, tenant('marco.iorio', { net: 'candidate' }));
  await eventually(async () => expect(await label()).toBe('withApproval'));
  await lab.settled();
  expect(await role('marco.iorio')).toEqual(['candidate']);
  await mode('immediate');
  await eventually(async () => expect([await label(), await role('marco.iorio')]).toEqual(['immediate', ['user']]));
  await mode('withApproval');
  await lab.admin.create(tenants, tenant('ada', { net: 'candidate' }));
  await lab.settled();
  await mode('');
  await eventually(async () => expect([await label(), await role('ada'), await role('marco.iorio')]).toEqual(['disabled', [], ['user']]));
});

test('whatever somebody takes from a tenant or a workspace comes back, whatever he changes is mended, and then nothing is written', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('marco.iorio', { net: 'user' }, { createSandbox: true }));
  await lab.settled();
  const kinds: Resource[] = [roleBindings, clusterRoleBindings, clusterRoles, resourceQuotas, networkPolicies, limitRanges];
  const ours = async () =>
    (
      await Promise.all(kinds.map(async (kind) => ({ kind, items: (await lab.admin.list(kind, { labelSelector: MANAGED })).items })))
    ).flatMap(({ kind, items }) => items.map((object) => ({ kind, object })));
  const state = async () =>
    new Map(
      (await ours()).map(({ kind, object }) => [`${kind.plural}/${object.metadata.namespace}/${object.metadata.name}`, essence(object)]),
    );
  const before = await state();
  expect(before.size).toBeGreaterThanOrEqual(13);
  for (const { kind, object } of await ours()) {
    await lab.admin.patch(kind, object.metadata.name, object.metadata.namespace, {
      metadata: { labels: { 'crownlabs.polito.it/managed-by': 'me' } },
    });
  }
  await eventually(async () => expect(await state()).toEqual(before));
  for (const { kind, object } of await ours()) await lab.admin.delete(kind, object.metadata.name, object.metadata.namespace);
  await eventually(async () => expect(await state()).toEqual(before));
  await lab.settled();
  const { revision } = lab.api.store;
  for (const [kind, name] of [
    [tenants, 'marco.iorio'],
    [workspaces, 'net'],
  ] as const) {
    await lab.admin.patch<KubeObject>(kind, name, undefined, { metadata: { annotations: { looked: 'again' } } });
  }
  await lab.settled();
  expect(lab.api.store.revision).toBe(revision + 2);
});

const MANAGED = 'crownlabs.polito.it/managed-by in (tenant,workspace)';

/** An object without what the server gives it. */
function essence({ metadata: { name, labels }, ...rest }: KubeObject): object {
  return { ...rest, status: undefined, metadata: { name, labels } };
}
