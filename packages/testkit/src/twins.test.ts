import { instances, MYDRIVE_NAMESPACE, templates, tenants, workspaces } from '@crownlabs/api';
import { deployments, namespaces, persistentVolumeClaims, roleBindings, services } from '@crownlabs/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

// Names that differ in dots and dashes only stand for the same objects: whoever had them first keeps them, and nobody fights.

let lab: TestLab;
beforeAll(async () => {
  lab = await startTestLab();
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await lab.admin.create(tenants, tenant('marco.iorio', { net: 'user' }));
  await eventually(async () => expect((await lab.admin.get(tenants, 'marco.iorio')).status?.ready).toBe(true));
  await eventually(() => lab.admin.get(namespaces, 'workspace-net'));
  const two = [environment('one'), environment('two')];
  for (const [name, list] of [
    ['desktop', undefined],
    ['both', two],
    ['b-one', [environment('b-one')]],
  ] as const) {
    await lab.admin.create(templates, template('net', name, list ? [...list] : undefined));
  }
  await lab.settled();
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const seen = async (name: string) => (await lab.admin.get(instances, name, 'tenant-ada')).status;
const start = (name: string, of: string) => lab.admin.create(instances, instance('ada', name, { workspace: 'net', template: of }));

test('a tenant takes neither namespace, rights nor volume of another one whose name is nearly his', async () => {
  const before = await lab.admin.get(namespaces, 'tenant-marco-iorio');
  await lab.admin.create(tenants, tenant('marco-iorio', { net: 'user' }, { createSandbox: true }));
  await lab.settled();
  const { status } = await lab.admin.get(tenants, 'marco-iorio');
  expect(status).toMatchObject({ ready: false, conditions: [{ type: 'Ready', status: 'False', reason: 'NameTaken' }] });
  expect(await lab.admin.get(namespaces, 'tenant-marco-iorio')).toEqual(before);
  const binding = await lab.admin.get(roleBindings, 'crownlabs-manage-instances', 'tenant-marco-iorio');
  expect(binding.subjects?.map(({ name }) => name)).toEqual(['marco.iorio']);
  await lab.admin.delete(tenants, 'marco.iorio');
  await eventually(async () => expect((await lab.admin.get(tenants, 'marco-iorio')).status?.personalNamespace.created).toBe(true), 20_000);
  await lab.settled();
  // The bytes are those of who has gone, so nobody else sees them.
  expect((await lab.admin.get(tenants, 'marco-iorio')).status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'DriveReady', reason: 'ProvisioningFailed' }),
  );
  const drive = await lab.admin.get(persistentVolumeClaims, 'marco-iorio-drive', MYDRIVE_NAMESPACE);
  expect(drive.metadata.labels).toMatchObject({ 'crownlabs.polito.it/tenant': 'marco.iorio' });
});

test.each([
  ['a.b', 'desktop', 'a-b', 'desktop'],
  ['c-b', 'both', 'c', 'b-one'],
])('the instance %s of %s keeps its objects when %s of %s comes, which waits until it goes', async (first, of, second, other) => {
  await start(first, of);
  await lab.settled();
  await start(second, other);
  await lab.settled();
  expect(await seen(first)).toMatchObject({ phase: 'Ready' });
  expect(await seen(second)).toMatchObject({ phase: 'Failed' });
  expect((await seen(second))?.conditions?.[0]).toMatchObject({ reason: 'NameTaken', message: expect.stringContaining(first) });
  await lab.admin.delete(instances, first, 'tenant-ada');
  await eventually(async () => expect(await seen(second)).toMatchObject({ phase: 'Ready' }), 20_000);
  await lab.admin.delete(instances, second, 'tenant-ada');
  await lab.settled();
});

test('nothing runs on when an instance is deleted and its parts are told to stay', async () => {
  await start('left', 'desktop');
  await lab.settled();
  await lab.admin.delete(instances, 'left', 'tenant-ada', { propagationPolicy: 'Orphan' });
  await eventually(async () => {
    expect(await lab.admin.find(deployments, 'left-desktop', 'tenant-ada')).toBeUndefined();
    expect(await lab.admin.find(services, 'left-desktop', 'tenant-ada')).toBeUndefined();
    expect((await lab.admin.list(roleBindings, { namespace: 'tenant-ada' })).items.map(({ metadata }) => metadata.name)).not.toContain(
      'left-access',
    );
  });
});

test('nor when somebody took its parts from it before', async () => {
  await start('robbed', 'desktop');
  await lab.settled();
  await lab.admin.patch(instances, 'robbed', 'tenant-ada', { spec: { running: false } });
  await lab.settled();
  // A stopped instance has no reason to look at what it does not need.
  await lab.admin.patch(deployments, 'robbed-desktop', 'tenant-ada', { metadata: { ownerReferences: null } });
  await lab.settled();
  await lab.admin.delete(instances, 'robbed', 'tenant-ada');
  await eventually(async () => expect(await lab.admin.find(deployments, 'robbed-desktop', 'tenant-ada')).toBeUndefined());
});

test('nothing runs on in an instance that is to go and is held by somebody', async () => {
  const held = instance('ada', 'held', { workspace: 'net', template: 'desktop' });
  await lab.admin.create(instances, { ...held, metadata: { ...held.metadata, finalizers: ['example.org/mine'] } });
  await lab.settled();
  await lab.admin.delete(instances, 'held', 'tenant-ada');
  await eventually(async () => expect(await lab.admin.find(deployments, 'held-desktop', 'tenant-ada')).toBeUndefined());
  await lab.admin.patch(instances, 'held', 'tenant-ada', { metadata: { finalizers: null } });
  await lab.settled();
});
