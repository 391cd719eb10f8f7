import { type Instance, instances, sharedVolumes, templates, tenants, workspaces } from '@crownlabs/api';
import {
  deployments,
  events,
  namespaces,
  nodes,
  persistentVolumeClaims,
  pods,
  type Resource,
  resourceQuotas,
  services,
} from '@crownlabs/client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';
type Environment = ReturnType<typeof environment>;

async function course(
  lab: TestLab,
  environments: Environment[],
  more: { role?: 'user' | 'manager'; nodeSelector?: Record<string, string> } = {},
) {
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: more.role ?? 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
  const made = template('net', 'lab', environments);
  const { nodeSelector } = more;
  await lab.admin.create(templates, nodeSelector ? { ...made, spec: { ...made.spec, nodeSelector } } : made);
}

const start = (lab: TestLab, spec: Parameters<typeof instance>[3] = {}) =>
  lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }, spec));

const phase = async (lab: TestLab, wanted: string): Promise<Instance> =>
  eventually(async () => {
    const found = await lab.admin.get(instances, 'mine', NS);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

const podOf = async (lab: TestLab, name = 'mine-web') => (await eventually(() => lab.admin.get(deployments, name, NS))).spec?.template.spec;

const standalone = (changes: Partial<Environment> = {}) => environment('web', { environmentType: 'Standalone', ...changes });

test('8.1.11: an application runs as 1010 below its path, with an empty volume or a claim, and loads content only if asked', async () => {
  await using lab = await startTestLab();
  const disk = { cpu: 1, memory: '1G', disk: '2Gi', reservedCPUPercentage: 10 };
  await course(lab, [
    standalone(),
    environment('kept', { environmentType: 'Standalone', rewriteURL: true, persistent: true, storageClassName: 'local', resources: disk }),
  ]);
  const { metadata } = await start(lab, { contentUrls: { kept: { origin: 'https://example.org/exam.zip' } } });
  const web = await podOf(lab);
  const kept = await podOf(lab, 'mine-kept');
  expect(web?.securityContext).toMatchObject({ runAsUser: 1010, runAsGroup: 1010, fsGroup: 1010, runAsNonRoot: true });
  expect([web, kept].map((pod) => pod?.containers[0]?.readinessProbe?.httpGet?.path)).toEqual([`/instance/${metadata.uid}/web`, '/']);
  expect([web, kept].map((pod) => pod?.containers[0]?.env?.map(({ name }) => name))).toEqual(
    Array.from({ length: 2 }, () => ['CROWNLABS_CPU_REQUESTS', 'CROWNLABS_CPU_LIMITS', 'CROWNLABS_BASE_PATH', 'CROWNLABS_LISTEN_PORT']),
  );
  expect(web?.volumes?.find(({ name }) => name === 'persistent')).toHaveProperty('emptyDir');
  expect(kept?.volumes?.find(({ name }) => name === 'persistent')?.persistentVolumeClaim).toEqual({ claimName: 'mine-kept' });
  expect((await lab.admin.get(persistentVolumeClaims, 'mine-kept', NS)).spec).toMatchObject({
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '2Gi' } },
    storageClassName: 'local',
  });
  // The image serves both ways; without the verb it does nothing.
  expect(kept?.initContainers?.map(({ name, args }) => [name, args])).toEqual([['content-downloader', ['download']]]);
  expect(web?.initContainers ?? []).toEqual([]);
});

test('8.1.12: the phase of an instance is folded from its environments while they go their own ways', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone(), environment('desk')]);
  lab.node.breakImage('crownlabs/desk:1');
  await start(lab);
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'mine', NS);
    expect([status?.phase, ...(status?.environments ?? []).map((it) => it.phase)]).toEqual(['Failed', 'Ready', 'Failed']);
  });
  await lab.node.mendImage('crownlabs/desk:1');
  await phase(lab, 'Ready');
});

test('8.1.14: the quota of the namespace stops an instance, which waits and starts when the quota grows', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone({ persistent: true, resources: { cpu: 1, memory: '1G', disk: '2Gi', reservedCPUPercentage: 10 } })]);
  await lab.settled();
  // A second quota, which our operators do not know of.
  const hard = { 'limits.cpu': '100m' };
  await lab.admin.create(resourceQuotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'tight', namespace: NS },
    spec: { hard },
  });
  await lab.settled();
  await start(lab);
  const stuck = await phase(lab, 'ResourceQuotaExceeded');
  expect(stuck.status?.conditions?.[0]).toMatchObject({
    type: 'Ready',
    reason: 'QuotaExceeded',
    message: expect.stringContaining('Waiting until'),
  });
  await eventually(async () => {
    const told = (await lab.admin.list(events, { namespace: NS })).items.filter(({ involvedObject }) => involvedObject.name === 'mine');
    expect(told).toContainEqual(expect.objectContaining({ type: 'Warning', reason: 'QuotaExceeded' }));
  });
  await lab.admin.delete(resourceQuotas, 'tight', NS);
  await phase(lab, 'Ready');
});

test('8.1.14: a disk that the quota refuses is told the same way', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone({ persistent: true, resources: { cpu: 1, memory: '1G', disk: '2Gi', reservedCPUPercentage: 10 } })]);
  await lab.settled();
  const hard = { 'requests.storage': '1Gi' };
  await lab.admin.create(resourceQuotas, {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'tight', namespace: NS },
    spec: { hard },
  });
  await lab.settled();
  await start(lab);
  expect((await phase(lab, 'ResourceQuotaExceeded')).status?.conditions?.[0]?.reason).toBe('QuotaExceeded');
});

test('8.1.15: with an instance goes everything that it had', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone({ persistent: true })]);
  await start(lab);
  await phase(lab, 'Ready');
  await lab.admin.delete(instances, 'mine', NS);
  await eventually(async () => {
    const kinds: Resource[] = [deployments, services, pods];
    for (const kind of kinds) expect((await lab.admin.list(kind, { namespace: NS })).items).toEqual([]);
    expect(await lab.admin.find(persistentVolumeClaims, 'mine-web', NS)).toBeUndefined();
  });
});

test.each([
  ['user', true],
  ['manager', undefined],
] as const)('8.1.17: a %s sees a volume of the workspace, read-only %s', async (role, readOnly) => {
  await using lab = await startTestLab();
  const mount = { sharedVolume: { name: 'material', namespace: 'workspace-net' }, mountPath: '/media/material', readOnly: true };
  await course(lab, [standalone({ sharedVolumeMounts: [mount] })], { role });
  await start(lab);
  const missing = await phase(lab, 'Failed');
  expect(missing.status?.conditions?.[0]).toMatchObject({ reason: 'SharedVolumeNotFound' });
  await lab.admin.create(sharedVolumes, {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'SharedVolume',
    metadata: { name: 'material', namespace: 'workspace-net' },
    spec: { prettyName: 'Material', size: '1Gi' },
  });
  const pod = await podOf(lab);
  expect(pod?.containers[0]?.volumeMounts).toContainEqual({
    name: 'material-mine-mirror',
    mountPath: '/media/material',
    ...(readOnly ? { readOnly } : {}),
  });
  expect(pod?.volumes).toContainEqual({ name: 'material-mine-mirror', persistentVolumeClaim: { claimName: 'material-mine-mirror' } });
  await eventually(() => lab.admin.get(persistentVolumeClaims, 'material-mine-mirror', NS));
});

test.each([
  ['nowhere in particular, whatever the user says', undefined, { zone: 'a' }, undefined],
  ['where the user says', {}, { zone: 'a' }, { zone: 'a' }],
  ['where the template says, whatever the user says', { zone: 'b' }, { zone: 'a' }, { zone: 'b' }],
] as const)('8.1.18: an instance runs %s', async (_what, ofTemplate, ofUser, expected) => {
  await using lab = await startTestLab();
  await lab.admin.patch(nodes, lab.node.name, undefined, { metadata: { labels: expected ?? {} } });
  await course(lab, [standalone()], ofTemplate ? { nodeSelector: ofTemplate } : {});
  await start(lab, { nodeSelector: ofUser });
  const ready = await phase(lab, 'Ready');
  expect((await podOf(lab))?.nodeSelector).toEqual(expected);
  expect(ready.status).toMatchObject({ nodeName: 'fake-node', nodeSelector: expected ?? {} });
  expect(ready.metadata.labels?.['crownlabs.polito.it/has-node-selector']).toBe(String(expected !== undefined));
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  expect((await phase(lab, 'Off')).status).toMatchObject({ nodeName: '', nodeSelector: {} });
});

test('2.1.3: an instance that is made stopped has all that it will run on, runs nothing, and starts', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone({ persistent: true })]);
  await start(lab, { running: false });
  await phase(lab, 'Off');
  const replicas = async () => (await lab.admin.get(deployments, 'mine-web', NS)).spec?.replicas;
  await eventually(async () => expect(await replicas()).toBe(0));
  await eventually(() => lab.admin.get(persistentVolumeClaims, 'mine-web', NS));
  await lab.settled();
  expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  await phase(lab, 'Ready');
});

test('a running environment that is edited by hand is mended, but an edit of its template waits for the next start', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone({ persistent: true })]);
  await start(lab);
  await phase(lab, 'Ready');
  await lab.settled();
  await lab.admin.patch(persistentVolumeClaims, 'mine-web', NS, { metadata: { labels: { 'crownlabs.polito.it/tenant': 'other' } } });
  const tenantOf = async () =>
    (await lab.admin.get(persistentVolumeClaims, 'mine-web', NS)).metadata.labels?.['crownlabs.polito.it/tenant'];
  await eventually(async () => expect(await tenantOf()).toBe('ada'));
  const container = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'web', image }] } } } });
  const image = async () => (await podOf(lab))?.containers[0]?.image;
  await lab.admin.apply(
    deployments,
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'mine-web', namespace: NS }, ...container('miner:1') },
    { force: true },
  );
  await eventually(async () => expect(await image()).toBe('crownlabs/web:1'));
  await lab.admin.patch(templates, 'lab', 'workspace-net', { spec: { environmentList: [standalone({ image: 'crownlabs/web:2' })] } });
  await lab.settled();
  expect(await image()).toBe('crownlabs/web:1');
});

test('an instance whose template is deleted says so, keeps what is known of it, and is as before when the template comes back', async () => {
  await using lab = await startTestLab();
  await course(lab, [standalone()]);
  await start(lab);
  await phase(lab, 'Ready');
  await lab.settled();
  const before = await lab.admin.get(instances, 'mine', NS);
  await lab.admin.delete(templates, 'lab', 'workspace-net');
  const { metadata, status } = await phase(lab, 'Failed');
  expect(metadata.labels).toEqual(before.metadata.labels);
  expect(status?.environments).toEqual(before.status?.environments?.map((it) => ({ ...it, phase: 'CreationLoopBackoff' })));
  expect(status?.conditions?.find(({ type }) => type === 'Ready')?.reason).toBe('TemplateNotFound');
  await lab.admin.create(templates, template('net', 'lab', [standalone()]));
  expect((await phase(lab, 'Ready')).status?.environments).toEqual(before.status?.environments);
});

test('operators that share a cluster leave alone what belongs to others', async () => {
  await using lab = await startTestLab({ config: { operatorSelector: 'staging' } });
  const foreign = { 'crownlabs.polito.it/managed-by': 'tenant', 'crownlabs.polito.it/operator-selector': 'production' };
  const space = (labels: Record<string, string>) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS, labels } });
  await lab.admin.create(namespaces, space(foreign));
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }));
  await lab.settled();
  expect((await lab.admin.get(instances, 'mine', NS)).status).toBeUndefined();
  await lab.admin.patch(namespaces, NS, undefined, { metadata: { labels: { 'crownlabs.polito.it/operator-selector': 'staging' } } });
  expect((await phase(lab, 'Failed')).status?.conditions?.[0]?.reason).toBe('TenantNotFound');
});
