import { expect, test } from 'vitest';
import { kvmDevice } from './kvm-device.ts';

test('pods are given the device that runs guests, with its group, where a guest was seen to run and nowhere else', async () => {
  const found = 'a guest on the processor itself hangs, though /dev/kvm is there';
  expect(await kvmDevice(async () => ({ runs: false, found }), '/dev/null')).toBeUndefined();
  expect(await kvmDevice(async () => ({ runs: true, found: 'runs' }), '/dev/null')).toMatchObject({
    resource: 'devices.kubevirt.io/kvm',
    path: '/dev/null',
    group: 0,
  });
});
