import { nodes } from '@crownlabs/client';
import { type ContainerSpec, environment, type FakeProgram, fakeRuntime } from '@crownlabs/runtime';
import { expect, test } from 'vitest';
import { labOver, NODE } from './lab.test-support.ts';

const KVM = { resource: 'devices.kubevirt.io/kvm', path: '/dev/kvm', group: 107, count: 2 };

test('a node offers its devices, and gives one to the container that asks for it by name, and to no other', async () => {
  const specs: ContainerSpec[] = [];
  const program = (spec: ContainerSpec): FakeProgram => {
    specs.push(spec);
    return environment;
  };
  const lab = await labOver(fakeRuntime({ program }), { devices: [KVM] });
  try {
    expect((await lab.client.get(nodes, NODE)).status?.allocatable).toMatchObject({ 'devices.kubevirt.io/kvm': '2' });
    const limits = { 'devices.kubevirt.io/kvm': '1' };
    const image = 'localhost/a:1';
    await lab.pod('guest', {
      containers: [
        { name: 'with', image, resources: { limits } },
        { name: 'without', image },
      ],
    });
    await lab.until('guest', (pod) => pod?.status?.phase === 'Running');
    const of = (name: string) => specs.find((spec) => spec.name === name)?.devices;
    expect(of('with')).toEqual([{ path: '/dev/kvm', group: 107 }]);
    expect(of('without')).toBeUndefined();
  } finally {
    await lab.end();
  }
});
