import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import { namespaces, networkAttachments, virtualMachineInstances } from '@crownlabs/client';
import { SINGLE_MACHINE } from '@crownlabs/operators';
import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { environment, instance, template, tenant, workspace } from './factories.ts';
import { installMachineKinds, installNetworkKind } from './machine-kinds.ts';
import { startTestLab, type TestLab } from './test-lab.ts';

const NETWORKS = [
  { name: 'own', scope: 'Instance' },
  { name: 'lan', scope: 'Tenant' },
  { name: 'class', scope: 'Workspace' },
] as const;
const machine = (name: string, networks: NonNullable<Parameters<typeof environment>[1]>['networks'] = [...NETWORKS]) =>
  environment(name, { environmentType: 'VirtualMachine', image: 'crownlabs/vm-server:1', networks });

async function courses(lab: TestLab): Promise<void> {
  await installMachineKinds(lab.admin);
  for (const name of ['net', 'art']) await lab.admin.create(workspaces, workspace(name));
  for (const name of ['ada', 'bob']) await lab.admin.create(tenants, tenant(name, { net: 'user', art: 'user' }));
  await eventually(() =>
    Promise.all(['tenant-ada', 'tenant-bob', 'workspace-net', 'workspace-art'].map((it) => lab.admin.get(namespaces, it))),
  );
}

const start = (lab: TestLab, who: string, name: string, of: { workspace: string; template: string }) =>
  lab.admin.create(instances, instance(who, name, of));

/** The wire that a network of an environment is on. */
const wire = (lab: TestLab, who: string, name: string): Promise<string> =>
  eventually(async () => {
    const { spec } = await lab.admin.get(networkAttachments, name, `tenant-${who}`);
    const config: unknown = JSON.parse(spec.config ?? '');
    expect(config).toMatchObject({ type: 'bridge', ipam: {}, bridge: expect.stringMatching(/^n[0-9a-z]{14}$/) });
    return (config as { bridge: string }).bridge;
  });

test('the machines of an instance, of a person or of a whole workspace are on one wire, and nobody else is', async () => {
  await using lab = await startTestLab();
  await installNetworkKind(lab.admin);
  await courses(lab);
  await lab.admin.create(templates, template('net', 'topology', [machine('router'), machine('host')]));
  await lab.admin.create(templates, template('art', 'topology', [machine('router')]));
  const net = { workspace: 'net', template: 'topology' };
  await start(lab, 'ada', 'one', net);
  await start(lab, 'ada', 'two', net);
  await start(lab, 'bob', 'one', net);
  await start(lab, 'ada', 'art', { workspace: 'art', template: 'topology' });
  const on = (network: string) =>
    Promise.all(
      [
        ['ada', 'one-router'],
        ['ada', 'one-host'],
        ['ada', 'two-router'],
        ['bob', 'one-router'],
        ['ada', 'art-router'],
      ].map(([who = '', machineName]) => wire(lab, who, `${machineName}-${network}`)),
    );
  // Numbers instead of names: who has the same is on the same wire.
  const together = (wires: readonly string[]) => wires.map((it) => wires.indexOf(it));
  expect(together(await on('own'))).toEqual([0, 0, 2, 3, 4]);
  expect(together(await on('lan'))).toEqual([0, 0, 0, 3, 4]);
  expect(together(await on('class'))).toEqual([0, 0, 0, 0, 4]);
  const guest = await eventually(() => lab.admin.get(virtualMachineInstances, 'one-router', 'tenant-ada'));
  expect(guest.spec.networks).toEqual([
    { name: 'default', pod: {} },
    ...NETWORKS.map(({ name }) => ({ name, multus: { networkName: `one-router-${name}` } })),
  ]);
  const addresses = guest.spec.domain.devices.interfaces.map(({ macAddress }) => macAddress);
  expect(new Set(addresses).size).toBe(4);
  await lab.admin.delete(networkAttachments, 'one-router-lan', 'tenant-ada');
  expect(await wire(lab, 'ada', 'one-router-lan')).toBe(await wire(lab, 'ada', 'two-router-lan'));
  // Somebody puts a machine on another wire by hand.
  await lab.admin.patch(networkAttachments, 'one-host-lan', 'tenant-ada', {
    spec: { config: '{"type": "bridge", "bridge": "other", "ipam": {}}' },
  });
  await eventually(async () => {
    const { spec } = await lab.admin.get(networkAttachments, 'one-host-lan', 'tenant-ada');
    expect(spec.config).not.toContain('other');
  });
  expect(await wire(lab, 'ada', 'one-host-lan')).toBe(await wire(lab, 'ada', 'two-router-lan'));
  await lab.settled();
  const { revision } = lab.api.store;
  await lab.restart();
  await lab.settled();
  // Nothing is wrong, so nothing is written.
  expect(lab.api.store.revision).toBe(revision);
  await lab.admin.delete(instances, 'one', 'tenant-ada');
  await eventually(async () => {
    const { items } = await lab.admin.list(networkAttachments, { namespace: 'tenant-ada' });
    expect(items.filter(({ metadata }) => metadata.name.startsWith('one-'))).toEqual([]);
  });
});

test('on a cluster the administrator says what carries the frames from node to node', async () => {
  const networkConfig =
    '{"cniVersion": "0.3.1", "type": "ovn-k8s-cni-overlay", "topology": "layer2", "name": "{wire}", "netAttachDefName": "{namespace}/{name}"}';
  await using lab = await startTestLab({ config: { machines: { ...SINGLE_MACHINE.machines, networkConfig } } });
  await installNetworkKind(lab.admin);
  await courses(lab);
  await lab.admin.create(templates, template('net', 'pair', [machine('a', [{ name: 'lan', scope: 'Instance' }])]));
  await start(lab, 'ada', 'mine', { workspace: 'net', template: 'pair' });
  const { spec } = await eventually(() => lab.admin.get(networkAttachments, 'mine-a-lan', 'tenant-ada'));
  expect(JSON.parse(spec.config ?? '')).toEqual({
    cniVersion: '0.3.1',
    type: 'ovn-k8s-cni-overlay',
    topology: 'layer2',
    name: expect.stringMatching(/^n[0-9a-z]{14}$/),
    netAttachDefName: 'tenant-ada/mine-a-lan',
  });
});

test('where there are no such networks it is said, and the machine starts once there are; a container is on none', async () => {
  await using lab = await startTestLab();
  await courses(lab);
  const networks = [{ name: 'lan', scope: 'Tenant' as const }];
  const desk = environment('desk', { environmentType: 'Standalone', networks });
  await lab.admin.create(templates, template('net', 'pair', [machine('a', networks), desk]));
  await start(lab, 'ada', 'mine', { workspace: 'net', template: 'pair' });
  await eventually(async () => {
    const { status } = await lab.admin.get(instances, 'mine', 'tenant-ada');
    expect(status?.environments?.[0]?.phase).toBe('Failed');
    expect(JSON.stringify(status?.conditions)).toContain('NetworksNotInstalled');
  });
  expect(await lab.admin.find(virtualMachineInstances, 'mine-a', 'tenant-ada')).toBeUndefined();
  await installNetworkKind(lab.admin);
  await eventually(() => lab.admin.get(virtualMachineInstances, 'mine-a', 'tenant-ada'));
  const found = await lab.admin.list(networkAttachments, { namespace: 'tenant-ada' });
  expect(found.items.map(({ metadata }) => metadata.name)).toEqual(['mine-a-lan']);
  await eventually(async () => {
    const { status } = await lab.admin.get(templates, 'pair', 'workspace-net');
    expect(JSON.stringify(status?.conditions)).toContain('Environment desk: Networks are between machines');
  });
});
