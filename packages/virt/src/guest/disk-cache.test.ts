import { expect, test } from 'vitest';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { drivesOf } from './drives.ts';
import { emulatorCommand } from './emulator.ts';

const spec: GuestSpec = {
  domain: {
    resources: { requests: { memory: '64Mi' } },
    devices: {
      disks: [
        { name: 'system', disk: {} },
        { name: 'kept', disk: {} },
        { name: 'asked', cache: 'none', disk: {} },
      ],
    },
  },
  volumes: [
    { name: 'system', containerDisk: { image: 'crownlabs/vm-server:1' } },
    { name: 'kept', persistentVolumeClaim: { claimName: 'kept' } },
    { name: 'asked', emptyDisk: { capacity: '1Gi' } },
  ],
};

test('only a disk that outlives its machine is written through to the host’s disk when the guest asks for that', () => {
  const drives = drivesOf(spec, { id: 'a', hostname: 'a', bases: new Map() });
  const words = emulatorCommand({ name: 'a', key: 'n/a', spec, drives, acceleration: 'tcg', mac: '02:00:00:00:00:01', firmwareId: 'f' });
  const caches = words.flatMap((word) => /if=none.*cache=(\w+)/.exec(word)?.[1] ?? []);
  expect(caches).toEqual(['unsafe', 'writeback', 'none']);
});
