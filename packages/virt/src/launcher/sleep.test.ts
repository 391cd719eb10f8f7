import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@crownlabs/std';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emulatorCommand } from '../guest/emulator.ts';
import { memoryFile, putToSleep } from '../guest/sleep.ts';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { LocalPod, missingTools } from './local-pod.test-support.ts';

// A real emulator, and a guest of 49 bytes: its boot sector counts in memory at each tick of its clock, and writes what it counted to the serial line.
const COUNTER = '31c08ed8c70600060000fbf4ff0600068b1e0006b90400c1c30488d8240f04303c3a72020427baf803eee2ebb00aeeebd9';
const missing = missingTools('qemu-system-x86_64', 'socat', 'jq');

const SPEC: GuestSpec = {
  domain: { memory: { guest: '64Mi' }, devices: { disks: [{ name: 'root', disk: { bus: 'virtio' } }] } },
  volumes: [{ name: 'root', persistentVolumeClaim: { claimName: 'root' } }],
};
const FILE = memoryFile(SPEC) ?? '';

let pod: LocalPod;
beforeEach(() => {
  pod = new LocalPod();
  const sector = Buffer.concat([Buffer.from(COUNTER, 'hex'), Buffer.alloc(1 << 20)]);
  sector.writeUInt16LE(0xaa55, 510);
  writeFileSync(join(pod.place, 'claims/root/disk.img'), sector);
});
afterEach(() => pod.end());

/** Starts the machine, as its pod does. */
function started(remembered: 'resume' | 'forget') {
  const file = '/claims/root/disk.img';
  const drives = [{ disk: { name: 'root' }, file, format: 'raw' as const, readOnly: false, preparation: [] }];
  const identity = {
    name: 'm',
    acceleration: 'tcg' as const,
    mac: '02:00:00:00:00:01',
    firmwareId: '6f7f6a1e-0000-5000-8000-000000000001',
  };
  // Its ports of the host would be those of this machine.
  const devices = { ...SPEC.domain.devices, autoattachPodInterface: false };
  const command = emulatorCommand({ ...identity, spec: { ...SPEC, domain: { ...SPEC.domain, devices } }, drives });
  const program = pod.start(['/usr/lib/crownlabs/run-machine', '5', 'memory', FILE, remembered, '--', ...command]);
  return { ended: once(program, 'exit') };
}

const counted = () =>
  pod
    .read('/run/machine/console.log')
    .split('\n')
    .filter((line) => line.length === 4)
    .map((line) => Number.parseInt(line, 16));

async function counts(most: number): Promise<number> {
  await expect
    .poll(() => (existsSync(join(pod.place, 'console.log')) ? (counted().at(-1) ?? 0) : 0), { timeout: 15_000 })
    .toBeGreaterThan(most);
  return counted().at(-1) ?? 0;
}

test.skipIf(missing.length > 0)('a machine that slept goes on where it was, and takes no memory meanwhile', async () => {
  const first = started('forget');
  await counts(20);
  const tools = { shell: pod.shell, clock: systemClock, signal: new AbortController().signal };
  const order: string[] = [];
  const kept = async () => void order.push(existsSync(join(pod.place, 'claims/root/memory')) ? 'kept' : 'lost');
  await putToSleep(tools, { pod: { name: 'p', namespace: 'n' }, file: FILE, folders: false, kept });
  // Nobody failed: the machine has ended as one that was shut down.
  expect(await first.ended).toEqual([0, null]);
  expect(order).toEqual(['kept']);
  const before = counted().at(-1) ?? 0;
  writeFileSync(join(pod.place, 'console.log'), '');
  started('resume');
  await counts(before);
  expect(counted()[0]).toBeLessThanOrEqual(before + 2);
  expect(existsSync(join(pod.place, 'claims/root/memory'))).toBe(false);
});

test.skipIf(missing.length > 0)('what no emulator can read is not waited for: the machine boots', async () => {
  writeFileSync(join(pod.place, 'claims/root/memory'), 'of another time');
  started('resume');
  const first = await counts(2);
  expect(first).toBeLessThan(40);
  expect(existsSync(join(pod.place, 'claims/root/memory'))).toBe(false);
});
