import type { DataVolume, VirtualMachine, VirtualMachineInstance } from '@crownlabs/client';
import { expect, test } from 'vitest';
import type { MachineFacts } from './facts.ts';
import { machinePhase } from './phase.ts';
import { machineTrouble } from './trouble.ts';

const spec = { running: true, template: { spec: {} } };
// The part of a machine that a phase is read from.
const machine = (status: object, metadata: object = {}) =>
  ({ metadata: { name: 'm', ...metadata }, spec, status }) as unknown as VirtualMachine;
const guest = (status: object, metadata: object = {}) =>
  ({ metadata: { name: 'm', ...metadata }, status }) as unknown as VirtualMachineInstance;
const disk = (status: object) => ({ metadata: { name: 'm' }, status }) as unknown as DataVolume;
const facts = (parts: Partial<MachineFacts>): MachineFacts => ({
  supported: true,
  machine: undefined,
  guest: undefined,
  disk: undefined,
  secret: undefined,
  ...parts,
});

const QUOTA = {
  conditions: [{ type: 'Synchronized', status: 'False', reason: 'FailedCreate', message: 'pods "x" is forbidden: exceeded quota: y' }],
};

test.each([
  ['Starting', {}, undefined, 'Starting'],
  ['Starting', {}, guest(QUOTA), 'ResourceQuotaExceeded'],
  ['Provisioning', {}, undefined, 'Importing'],
  ['WaitingForVolumeBinding', {}, undefined, 'Importing'],
  ['Stopping', {}, undefined, 'Stopping'],
  ['Terminating', {}, undefined, 'Stopping'],
  ['Stopped', {}, undefined, 'Off'],
  ['Running', { ready: true }, undefined, 'Ready'],
  ['Running', { ready: false }, undefined, 'Running'],
  ['CrashLoopBackOff', {}, undefined, 'CreationLoopBackoff'],
  ['Migrating', {}, undefined, ''],
  ['Paused', {}, undefined, ''],
] as const)('a persistent machine that is %s %o is %s', (printableStatus, more, ofGuest, phase) => {
  const seen = facts({ machine: machine({ printableStatus, ...more }), guest: ofGuest });
  expect(machinePhase(seen, { persistent: true, running: true })).toBe(phase);
});

test.each([
  ['Running', 'Stopping'],
  ['Stopping', 'Stopping'],
  ['Stopped', 'Off'],
  ['Provisioning', 'Importing'],
] as const)('a persistent machine that should stop and is %s is %s', (printableStatus, phase) => {
  expect(machinePhase(facts({ machine: machine({ printableStatus }) }), { persistent: true, running: false })).toBe(phase);
});

test.each([
  [{ phase: 'Pending' }, 'Starting'],
  [{ phase: 'Pending', ...QUOTA }, 'ResourceQuotaExceeded'],
  [{ phase: 'Scheduling' }, 'Starting'],
  [{ phase: 'Scheduled' }, 'Starting'],
  [{ phase: 'Running' }, 'Running'],
  [{ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }, 'Ready'],
  [{ phase: 'Unknown' }, 'Failed'],
  [{ phase: 'Failed' }, 'Failed'],
  [{ phase: 'Succeeded' }, 'Failed'],
  [{}, ''],
] as const)('a machine that is forgotten after a stop and is %o is %s, and off when it should be', (status, phase) => {
  const seen = facts({ guest: guest(status) });
  expect(machinePhase(seen, { persistent: false, running: true })).toBe(phase);
  expect(machinePhase(seen, { persistent: false, running: false })).toBe('Off');
});

test('a machine that is being deleted is stopping; one whose disk is on its way is importing', () => {
  const leaving = facts({ guest: guest({ phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }) });
  expect(machinePhase(leaving, { persistent: false, running: true })).toBe('Stopping');
  const importing = facts({ guest: guest({ phase: 'Pending' }), disk: disk({ phase: 'CloneInProgress' }) });
  expect(machinePhase(importing, { persistent: false, running: true })).toBe('Importing');
});

test.each([
  [facts({ machine: machine({ printableStatus: 'ErrImagePull' }) }), 'ImageNotFound'],
  [
    facts({
      guest: guest({ phase: 'Scheduled', conditions: [{ type: 'Ready', status: 'False', message: 'RegistryUnavailable: It sleeps.' }] }),
    }),
    'ImageNotFound',
  ],
  [facts({ machine: machine({ printableStatus: 'CrashLoopBackOff' }) }), 'MachineCrashes'],
  [
    facts({ guest: guest({ phase: 'Running', conditions: [{ type: 'RebootLoop', status: 'True', message: 'It rebooted.' }] }) }),
    'MachineReboots',
  ],
  [facts({ machine: machine({ printableStatus: 'ErrorUnschedulable' }) }), 'WaitingForPlace'],
  [facts({ machine: machine({ printableStatus: 'ErrorPvcNotFound' }) }), 'DiskNotFound'],
  [facts({ machine: machine({ printableStatus: 'DataVolumeError' }) }), 'DiskImportFailed'],
  [facts({ disk: disk({ phase: 'Failed' }) }), 'DiskImportFailed'],
  [
    facts({ disk: disk({ conditions: [{ type: 'Running', status: 'False', reason: 'Error', message: 'no such host' }] }) }),
    'DiskImportFailed',
  ],
  [facts({ machine: machine({ printableStatus: 'CrashLoopBackOff', startFailure: { consecutiveFailCount: 1 } }) }), 'MachineCrashed'],
  [facts({ guest: guest({ phase: 'Succeeded' }) }), 'MachineEnded'],
  [facts({ guest: guest({ phase: 'Running', conditions: [{ type: 'Ready', status: 'False', reason: 'GuestSilent' }] }) }), 'MachineSilent'],
  [facts({ machine: machine({ printableStatus: 'Running', ready: true }) }), undefined],
])('whatever is the matter with a machine has a reason', (seen, reason) => {
  expect(machineTrouble(seen, { image: 'a/b:1' })?.reason).toBe(reason);
});

const said = (seen: MachineFacts) => machineTrouble(seen, { image: 'a/b:1' })?.message;

test('a machine that crashed once is not said to crash again and again, and one that nobody starts again says why it ended', () => {
  const conditions = [{ type: 'Ready', status: 'False', message: 'The emulator was killed from outside.' }];
  const crashed = (consecutiveFailCount: number) =>
    said(facts({ machine: machine({ printableStatus: 'CrashLoopBackOff', conditions, startFailure: { consecutiveFailCount } }) }));
  expect(crashed(1)).toBe('The machine crashed: The emulator was killed from outside.');
  expect(crashed(2)).toContain('crashes again and again');
  expect(said(facts({ guest: guest({ phase: 'Failed', conditions }) }))).toBe(
    'The machine crashed: The emulator was killed from outside. Stop it here, then start it again.',
  );
});
