import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces } from '@crownlabs/client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NS = 'tenant-ada';

async function course(lab: TestLab, allowedImages?: string[]): Promise<void> {
  await lab.admin.create(workspaces, workspace('net', allowedImages ? { allowedImages } : {}));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await lab.admin.create(tenants, tenant('boss', { net: 'manager' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, NS), lab.admin.get(namespaces, 'workspace-net')]));
}

test('a template says how often it is used, when last, and what of its images is there', async () => {
  await using lab = await startTestLab();
  await course(lab);
  await lab.admin.create(templates, template('net', 'desk'));
  const status = async () => (await lab.admin.get(templates, 'desk', 'workspace-net')).status;
  await eventually(async () =>
    expect(await status()).toMatchObject({ instances: 0, conditions: [{ type: 'Ready' }, { type: 'Valid', status: 'True' }] }),
  );
  for (const name of ['one', 'two']) await lab.admin.create(instances, instance('ada', name, { workspace: 'net', template: 'desk' }));
  const { metadata } = await lab.admin.get(instances, 'two', NS);
  await eventually(async () =>
    expect(await status()).toMatchObject({
      instances: 2,
      lastUsed: metadata.creationTimestamp,
      images: [{ name: 'crownlabs/desktop:1', present: true }],
    }),
  );
  await lab.admin.delete(instances, 'one', NS);
  await eventually(async () => expect((await status())?.instances).toBe(1));
  // What was used once stays used.
  expect((await status())?.lastUsed).toBe(metadata.creationTimestamp);
});

test('a workspace with a list of images has templates of these alone, and starts nothing else', async () => {
  await using lab = await startTestLab();
  await course(lab, ['crownlabs/*']);
  const boss = lab.as('boss', 'kubernetes:workspace-net:manager');
  const miner = template('net', 'miner', [environment('web', { image: 'docker.io/somebody/miner:1' })]);
  await expect(boss.create(templates, miner)).rejects.toMatchObject({
    code: 'Forbidden',
    message: expect.stringContaining('does not allow'),
  });
  await boss.create(templates, template('net', 'desk'));
  const evil = { spec: { environmentList: [environment('desktop', { image: 'docker.io/somebody/miner:1' })] } };
  await expect(boss.patch(templates, 'desk', 'workspace-net', evil)).rejects.toMatchObject({ code: 'Forbidden' });
  // An administrator may; its instances are refused all the same, because the list is the workspace's.
  await lab.admin.create(templates, miner);
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'miner' }));
  // Nor can two volumes be at one place, which the API would say in words for administrators.
  const twice = { containerStartupOptions: { contentPath: '/media/mydrive', enforceWorkdir: false }, mountMyDriveVolume: true };
  await lab.admin.create(templates, template('net', 'twice', [environment('web', twice)]));
  await lab.admin.create(instances, instance('ada', 'clash', { workspace: 'net', template: 'twice' }));
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'clash', NS);
    expect(status?.phase).toBe('Failed');
    expect(status?.conditions?.[0]).toMatchObject({ type: 'Ready', reason: 'MountsClash' });
  });
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'mine', NS);
    expect(status?.conditions?.[0]).toMatchObject({ type: 'Ready', reason: 'ImageNotAllowed' });
    expect(status?.phase).toBe('Failed');
    expect(
      (await lab.admin.get(templates, 'miner', 'workspace-net')).status?.conditions?.find(({ type }) => type === 'Valid')?.status,
    ).toBe('False');
  });
});
