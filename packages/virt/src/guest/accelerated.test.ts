import { expect, test } from 'vitest';
import type { Guest } from '../kinds/kinds.ts';
import { KVM_RESOURCE, launcherPod } from './desired.ts';
import type { Acceleration } from './emulator.ts';
import { observeGuest } from './status.ts';

const guest: Guest = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { name: 'vm', namespace: 'tenant-ada', uid: 'aaaabbbb' },
  spec: { domain: { devices: {} } },
};
const NONE = { bases: new Map() };

const launcher = (acceleration: Acceleration) => {
  const [compute] = launcherPod(guest, { image: 'i', acceleration }, NONE).spec?.containers ?? [];
  return { limits: compute?.resources?.limits, words: (compute?.args ?? []).join(' ') };
};

test('where the processor runs guests, the pod of a machine is given the device, and emulates should it be refused', () => {
  const { limits, words } = launcher('kvm');
  expect(limits).toMatchObject({ [KVM_RESOURCE]: '1' });
  expect(words).toContain('-accel kvm -accel tcg,');
  expect(launcher('tcg').limits).not.toHaveProperty([KVM_RESOURCE]);
  expect(launcher('tcg').words).not.toContain('kvm');
});

const condition = (acceleration: Acceleration, accelerated?: boolean) => {
  const heard = { paused: false, reboots: [], ...(accelerated === undefined ? {} : { accelerated }) };
  const facts = { guest, pod: undefined, waitsFor: undefined, acceleration, heard, now: 0 };
  return observeGuest(facts).conditions?.find(({ type }) => type === 'Accelerated');
};

test('who runs a guest is said as its emulator found, whatever was meant', () => {
  expect(condition('kvm')).toMatchObject({ status: 'True' });
  expect(condition('kvm', false)).toMatchObject({ status: 'False', message: expect.stringContaining('was not let') });
  expect(condition('tcg', false)).toMatchObject({ status: 'False', message: expect.stringContaining('does not run guests itself') });
});

test('what others ask of the hardware of a machine is plugged in', () => {
  const of = (domain: Guest['spec']['domain']) => {
    const [compute] = launcherPod({ ...guest, spec: { domain } }, { image: 'i', acceleration: 'tcg' }, NONE).spec?.containers ?? [];
    return (compute?.args ?? []).join(' ');
  };
  const devices = { watchdog: { name: 'dog', i6300esb: { action: 'poweroff' } }, sound: { name: 'card' } } as const;
  expect(of({ devices })).toContain('-device i6300esb -action watchdog=poweroff -audiodev none,id=silence -device ich9-intel-hda');
  expect(of({ devices: {}, cpu: { model: 'Conroe' } })).toContain('-cpu Conroe');
  expect(of({ devices: {}, cpu: { model: 'host-passthrough' } })).toContain('-cpu Nehalem');
  expect(of({ devices: {}, machine: { type: 'pc-i440fx-2.12' } })).toContain('-machine pc ');
  expect(of({ devices: {}, machine: { type: 'pc-q35-rhel9.4.0' }, rebootPolicy: 'Terminate' })).toMatch(/-machine q35 .*-no-reboot/);
});
