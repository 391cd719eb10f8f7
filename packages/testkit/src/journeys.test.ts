import { type Instance, instances, templates, tenants, workspaces } from '@crownlabs/api';
import {
  deployments,
  namespaces,
  networkPolicies,
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  review,
  roleBindings,
  services,
} from '@crownlabs/client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-marco-iorio';
const OF = { workspace: 'netgroup', template: 'desktop' };

async function course(lab: TestLab, environments = [environment('desktop')]): Promise<void> {
  await lab.admin.create(workspaces, workspace('netgroup'));
  await lab.admin.create(tenants, tenant('marco.iorio', { netgroup: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-netgroup')]));
  await lab.admin.create(templates, template('netgroup', 'desktop', environments));
}

const phase = async (lab: TestLab, name: string, wanted: string): Promise<Instance> =>
  eventually(async () => {
    const found = await lab.admin.get(instances, name, NS);
    expect(found.status?.phase).toBe(wanted);
    return found;
  });

test('8.1.1: a workspace gets its namespace and bindings, and its people leave with it', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(workspaces, workspace('netgroup'));
  await lab.admin.create(tenants, tenant('marco.iorio', { netgroup: 'manager' }));
  await lab.settled();
  const made = await lab.admin.get(workspaces, 'netgroup');
  expect(made.metadata.labels).toMatchObject({ 'crownlabs.polito.it/autoenroll': 'disabled' });
  expect(made.status).toMatchObject({
    ready: true,
    namespace: { name: 'workspace-netgroup', created: true },
    subscription: { keycloak: 'Ok' },
  });
  const bindings = await lab.admin.list(roleBindings, { namespace: 'workspace-netgroup' });
  expect(bindings.items.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    'crownlabs-manage-sharedvolumes',
    'crownlabs-manage-templates',
    'crownlabs-view-templates',
  ]);
  await lab.admin.delete(workspaces, 'netgroup');
  await eventually(async () => expect(await lab.admin.find(workspaces, 'netgroup')).toBeUndefined());
  expect((await lab.admin.get(tenants, 'marco.iorio')).spec.workspaces).toEqual([]);
  await eventually(async () => expect(await lab.admin.find(namespaces, 'workspace-netgroup')).toBeUndefined());
});

test('8.1.3: a tenant gets labels, a namespace with limits and walls, and a personal drive', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(workspaces, workspace('netgroup'));
  await lab.admin.create(tenants, tenant('marco.iorio', { netgroup: 'manager', nowhere: 'user' }));
  await lab.settled();
  const made = await lab.admin.get(tenants, 'marco.iorio');
  expect(made.metadata.labels).toMatchObject({
    'crownlabs.polito.it/first-name': 'marco',
    'crownlabs.polito.it/workspace-netgroup': 'manager',
  });
  expect(made.metadata.labels).not.toHaveProperty('crownlabs.polito.it/workspace-nowhere');
  expect(made.status).toMatchObject({ ready: true, failingWorkspaces: ['nowhere'], personalNamespace: { name: NS, created: true } });
  const quota = await lab.admin.get(resourceQuotas, 'crownlabs-resource-quota', NS);
  expect(quota.spec?.hard).toMatchObject({ 'limits.cpu': '10', 'limits.memory': '20G', 'count/instances.crownlabs.polito.it': '3' });
  const policies = await lab.admin.list(networkPolicies, { namespace: NS });
  expect(policies.items.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    'crownlabs-allow-trusted-ingress-traffic',
    'crownlabs-deny-ingress-traffic',
  ]);
  await eventually(async () => {
    expect((await lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive', 'mydrive-pvcs')).status?.phase).toBe('Bound');
    expect((await lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive-mirror', NS)).status?.phase).toBe('Bound');
  });
});

test('8.1.3, 8.1.4: a personal namespace comes with the first sign-in and goes when nobody comes any more; the drive stays', async () => {
  await using lab = await startTestLab({ config: { namespaceKeepAliveMs: 3_600_000 } });
  await lab.admin.create(tenants, tenant('marco.iorio'));
  await lab.settled();
  expect(await lab.admin.find(namespaces, NS)).toBeUndefined();
  await lab.admin.patch(tenants, 'marco.iorio', undefined, { spec: { lastLogin: new Date().toISOString() } });
  await eventually(() => lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive', 'mydrive-pvcs'));
  await lab.admin.patch(tenants, 'marco.iorio', undefined, { spec: { lastLogin: '2020-01-01T00:00:00Z' } });
  await eventually(async () => expect(await lab.admin.find(namespaces, NS)).toBeUndefined());
  expect((await lab.admin.get(tenants, 'marco.iorio')).status?.personalNamespace.created).toBe(false);
  await lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive', 'mydrive-pvcs');
});

test('8.1.7: a sandbox comes and goes with the wish', async () => {
  await using lab = await startTestLab();
  await lab.admin.create(tenants, tenant('marco.iorio', {}, { createSandbox: true }));
  await eventually(() => lab.admin.get(roleBindings, 'sandbox-editor', 'sandbox-marco-iorio'));
  await lab.admin.patch(tenants, 'marco.iorio', undefined, { spec: { createSandbox: false } });
  await eventually(async () => expect(await lab.admin.find(namespaces, 'sandbox-marco-iorio')).toBeUndefined());
});

test('an instance becomes a pod and gets Ready; nothing is written once it is; deleting it leaves nothing', async () => {
  await using lab = await startTestLab();
  await course(lab);
  const student = lab.as('marco.iorio', 'kubernetes:workspace-netgroup:user');
  // What one may do in a namespace comes a moment after it.
  await eventually(() => student.create(instances, instance('marco.iorio', 'mine', OF)));
  const ready = await phase(lab, 'mine', 'Ready');
  expect(ready.status).toMatchObject({ url: `http://localhost:8080/instance/${ready.metadata.uid}/`, nodeName: 'fake-node' });
  expect(ready.status?.environments?.[0]).toMatchObject({
    name: 'desktop',
    phase: 'Ready',
    expositionAccepted: true,
    ip: expect.stringContaining('10.250.'),
  });
  expect(ready.status?.environments?.[0]?.initialReadyTime).toMatch(/^\d+(\.\d+)?s$/);
  expect(ready.metadata.labels).toMatchObject({ 'crownlabs.polito.it/workspace': 'netgroup', 'crownlabs.polito.it/persistent': 'false' });
  expect(ready.spec.prettyName).toMatch(/^\w+ \w+$/);
  await lab.settled();
  const open = { type: 'Connectable', status: 'True' };
  expect((await lab.admin.get(instances, 'mine', NS)).status?.conditions).toContainEqual(expect.objectContaining(open));
  const before = await lab.admin.list(instances);
  await lab.admin.patch(templates, 'desktop', 'workspace-netgroup', { spec: { description: 'another text' } });
  await lab.settled();
  expect((await lab.admin.list(instances)).items).toEqual(before.items);
  await student.delete(instances, 'mine', NS);
  await eventually(async () => {
    expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]);
    expect((await lab.admin.list(deployments, { namespace: NS })).items).toEqual([]);
    expect((await lab.admin.list(services, { namespace: NS })).items).toEqual([]);
  });
});

test('a stopped environment is kept for a while, then its pod goes; a start finds it either way', async () => {
  await using lab = await startTestLab({ config: { keepStoppedMs: 1_500 } });
  await course(lab);
  await lab.admin.create(instances, instance('marco.iorio', 'mine', OF));
  const started = await phase(lab, 'mine', 'Ready');
  const power = (running: boolean) => lab.admin.patch(instances, 'mine', NS, { spec: { running } });
  const environmentOf = (it: Instance) => it.status?.environments?.[0];
  const kept = (it: Instance) => it.status?.conditions?.find(({ type }) => type === 'KeptInMemory');
  await power(false);
  const off = await phase(lab, 'mine', 'Off');
  expect(off.metadata.annotations).toHaveProperty('crownlabs.polito.it/last-powered-off-timestamp');
  expect(environmentOf(off)).toMatchObject({ ip: '', expositionAccepted: false });
  expect(kept(off)?.message).toContain('kept in memory until');
  expect((await lab.admin.list(services, { namespace: NS })).items).toEqual([]);
  await power(true);
  const again = await phase(lab, 'mine', 'Ready');
  expect(environmentOf(again)?.ip).toBe(environmentOf(started)?.ip);
  expect(JSON.stringify(again.metadata)).not.toContain('last-powered-off-timestamp');
  await power(false);
  await eventually(async () => expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]), 6_000);
  expect(kept(await phase(lab, 'mine', 'Off'))).toBeUndefined();
  await power(true);
  expect(environmentOf(await phase(lab, 'mine', 'Ready'))?.ip).not.toBe(environmentOf(started)?.ip);
});

test('a persistent environment stops at once and keeps its disk', async () => {
  await using lab = await startTestLab();
  await course(lab, [
    environment('desktop', { persistent: true, resources: { cpu: 1, memory: '1G', disk: '2Gi', reservedCPUPercentage: 10 } }),
  ]);
  await lab.admin.create(instances, instance('marco.iorio', 'mine', OF));
  await phase(lab, 'mine', 'Ready');
  const disk = await lab.admin.get(persistentVolumeClaims, 'mine-desktop', NS);
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: false } });
  await eventually(async () => expect((await lab.admin.list(pods, { namespace: NS })).items).toEqual([]));
  await phase(lab, 'mine', 'Off');
  await lab.admin.patch(instances, 'mine', NS, { spec: { running: true } });
  await phase(lab, 'mine', 'Ready');
  expect((await lab.admin.get(persistentVolumeClaims, 'mine-desktop', NS)).metadata.uid).toBe(disk.metadata.uid);
});

test('virtual machines say that they are not installed, also beside a container', async () => {
  await using lab = await startTestLab();
  await course(lab, [environment('desktop'), environment('machine', { environmentType: 'VirtualMachine' })]);
  await lab.admin.create(instances, instance('marco.iorio', 'mine', OF));
  const failed = await phase(lab, 'mine', 'Failed');
  expect(failed.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', reason: 'VirtualMachinesNotInstalled' }));
  expect(failed.status?.conditions).toContainEqual(expect.objectContaining({ type: 'Supported', status: 'False' }));
  await eventually(async () =>
    expect((await lab.admin.get(instances, 'mine', NS)).status?.environments?.map((it) => it.phase)).toEqual(['Ready', 'Failed']),
  );
});

test('a missing image is told as such, and the environment starts when it is there', async () => {
  await using lab = await startTestLab();
  await course(lab);
  lab.node.breakImage('crownlabs/desktop:1');
  await lab.admin.create(instances, instance('marco.iorio', 'mine', OF));
  const failed = await phase(lab, 'mine', 'Failed');
  expect(failed.status?.conditions?.[0]).toMatchObject({
    reason: 'ImageNotFound',
    message: expect.stringContaining('crownlabs/desktop:1'),
  });
  await lab.node.mendImage('crownlabs/desktop:1');
  await phase(lab, 'mine', 'Ready');
});

test('8.1.13: the quota refuses before the click, and holds when two click at once; room that becomes free is used', async () => {
  await using lab = await startTestLab();
  await course(lab, [environment('desktop', { resources: { cpu: 4, memory: '1G', reservedCPUPercentage: 10 } })]);
  const student = lab.as('marco.iorio', 'kubernetes:workspace-netgroup:user');
  await eventually(() => student.create(instances, instance('marco.iorio', 'one', OF)));
  await phase(lab, 'one', 'Ready');
  // Both pass admission, which has not heard of the other one yet; the ledger takes one of them.
  const both = ['two', 'three'].map((name) => student.create(instances, instance('marco.iorio', name, OF)));
  await Promise.allSettled(both);
  await lab.settled();
  const found = (await lab.admin.list(instances, { namespace: NS })).items.map(({ status }) => status?.phase);
  expect(found.filter((it) => it === 'Ready')).toHaveLength(2);
  await expect(student.create(instances, instance('marco.iorio', 'four', OF))).rejects.toThrow('quota exceeded');
  const waiting = (await lab.admin.list(instances, { namespace: NS })).items.find(
    ({ status }) => status?.phase === 'ResourceQuotaExceeded',
  );
  if (waiting) {
    expect(waiting.status?.conditions?.[0]?.message).toContain('your workspace allows 10');
    await student.delete(instances, 'one', NS);
    await phase(lab, waiting.metadata.name, 'Ready');
  }
});

test('an instance is opened by its owner and the managers of its workspace, and by nobody else', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(workspaces, workspace('other'));
  await lab.admin.create(instances, instance('marco.iorio', 'mine', OF));
  await phase(lab, 'mine', 'Ready');
  const gateway = lab.room('gateway');
  const may = async (username: string, groups: string[], subresource: string, verb = 'get') =>
    (
      await review(
        gateway,
        { username, groups },
        { verb, group: 'crownlabs.polito.it', resource: 'instances', subresource, namespace: NS, name: 'mine' },
      )
    ).allowed;
  expect(await may('marco.iorio', [], 'control')).toBe(true);
  expect(await may('teacher', ['kubernetes:workspace-netgroup:manager'], 'view')).toBe(true);
  expect(await may('teacher', ['kubernetes:workspace-netgroup:manager'], 'power', 'update')).toBe(true);
  expect(await may('teacher', ['kubernetes:workspace-other:manager'], 'view')).toBe(false);
  expect(await may('fellow', ['kubernetes:workspace-netgroup:user'], 'view')).toBe(false);
  const teacher = lab.as('teacher', 'kubernetes:workspace-netgroup:manager');
  await teacher.patch(instances, 'mine', NS, { spec: { running: false } });
  const fellow = lab.as('fellow', 'kubernetes:workspace-netgroup:user');
  await expect(fellow.get(instances, 'mine', NS)).rejects.toMatchObject({ code: 'Forbidden' });
  const owner = lab.as('marco.iorio', 'kubernetes:workspace-netgroup:user');
  await expect(owner.patch(instances, 'mine', NS, { status: { phase: 'Ready' } }, { subresource: 'status' })).rejects.toMatchObject({
    code: 'Forbidden',
  });
});
