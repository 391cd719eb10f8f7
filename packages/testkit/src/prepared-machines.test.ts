import { instances, type Template, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces, type VirtualMachine, virtualMachineInstances, virtualMachines } from '@crownlabs/client';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { installMachineKinds } from './machine-kinds.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const OF = 'workspace-net';
const quick = (changes: Parameters<typeof environment>[1] = {}) =>
  environment('machine', {
    environmentType: 'VirtualMachine',
    image: 'crownlabs/vm-server:1',
    instantStart: true,
    mountMyDriveVolume: true,
    resources: { cpu: 2, memory: '1Gi', reservedCPUPercentage: 25 },
    ...changes,
  });

async function course(lab: TestLab, environments = [quick()]): Promise<void> {
  await installMachineKinds(lab.admin);
  await lab.admin.create(workspaces, workspace('net'));
  await lab.admin.create(tenants, tenant('ada', { net: 'user' }));
  await eventually(() => Promise.all([lab.admin.get(namespaces, 'tenant-ada'), lab.admin.get(namespaces, OF)]));
  await lab.admin.create(templates, template('net', 'lab', environments));
}

const prepared = (lab: TestLab, wanted: number): Promise<VirtualMachine[]> =>
  eventually(async () => {
    const { items } = await lab.admin.list(virtualMachines, { namespace: OF });
    expect(items).toHaveLength(wanted);
    return items;
  });

const says = (lab: TestLab, wanted: object): Promise<Template> =>
  eventually(async () => {
    const found = await lab.admin.get(templates, 'lab', OF);
    expect(found.status?.conditions?.find(({ type }) => type === 'InstantStart')).toMatchObject(wanted);
    return found;
  });

test('a template asks for a machine that is prepared once, and its instances go on from that one; other resources are another one', async () => {
  await using lab = await startTestLab();
  await course(lab);
  const [first] = await prepared(lab, 1);
  expect(first?.metadata).toMatchObject({
    annotations: { 'virt.crownlabs.polito.it/prepare': 'true' },
    ownerReferences: [{ kind: 'Template', name: 'lab' }],
  });
  // Whatever of a person the machine of an instance has stands nowhere in it.
  expect(first?.spec.template.spec.volumes.map(({ name }) => name)).toEqual(['root', 'cloud-init', 'folder-0']);
  await says(lab, { status: 'False', reason: 'Preparing' });
  const name = first?.metadata.name ?? '';
  const conditions = [{ type: 'Suspended', status: 'True', reason: 'MemoryKept', message: 'kept' }];
  await lab.admin.patch(virtualMachines, name, OF, { status: { conditions } }, { subresource: 'status' });
  await says(lab, { status: 'True' });
  await lab.admin.create(instances, instance('ada', 'mine', { workspace: 'net', template: 'lab' }));
  const guest = await eventually(() => lab.admin.get(virtualMachineInstances, 'mine-machine', 'tenant-ada'));
  expect(guest.metadata.annotations).toMatchObject({ 'virt.crownlabs.polito.it/instant-start': `${OF}/${name}` });
  expect(guest.spec.domain.devices.filesystems).toHaveLength(1);

  const told = [{ type: 'InstantStart', status: 'False', reason: 'Booted', message: 'It boots.' }];
  await lab.admin.patch(virtualMachineInstances, 'mine-machine', 'tenant-ada', { status: { conditions: told } }, { subresource: 'status' });
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'mine', 'tenant-ada');
    expect(status?.conditions).toContainEqual(expect.objectContaining(told[0]));
  });

  const larger = quick({ resources: { cpu: 2, memory: '2Gi', reservedCPUPercentage: 25 } });
  await lab.admin.patch(templates, 'lab', OF, { spec: { environmentList: [larger] } });
  await eventually(async () => {
    const [second] = await prepared(lab, 1);
    expect(second?.metadata.name).not.toBe(name);
    expect(second?.spec.template.spec.domain.memory).toEqual({ guest: '2Gi' });
  });
  await lab.admin.patch(templates, 'lab', OF, { spec: { environmentList: [quick({ instantStart: false })] } });
  await prepared(lab, 0);
});

test('what cannot be prepared is said of the template: its machines boot', async () => {
  await using lab = await startTestLab();
  await course(lab, [quick({ persistent: true, resources: { cpu: 2, memory: '1Gi', disk: '8Gi', reservedCPUPercentage: 25 } })]);
  const { status } = await says(lab, { status: 'False', reason: 'NotSupported' });
  expect(status?.conditions?.find(({ type }) => type === 'Valid')?.message).toContain('Only a VirtualMachine that keeps no disk');
  await prepared(lab, 0);
});
