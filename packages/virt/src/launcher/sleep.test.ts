import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@crownlabs/std';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyLiveDisk } from '../guest/copy-disk.ts';
import { memoryFile, putToSleep } from '../guest/sleep.ts';
import { COUNTER, LocalPod, missingTools } from './local-pod.test-support.ts';

// A real emulator, and a guest that counts.
const missing = missingTools('qemu-system-x86_64', 'socat', 'jq');
const FILE = memoryFile(COUNTER) ?? '';

let pod: LocalPod;
beforeEach(() => {
  pod = new LocalPod();
});
afterEach(() => pod.end());

const started = (remembered: string) => pod.boot(['memory', FILE, remembered]);

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
  await putToSleep(tools, { pod: { name: 'p', namespace: 'n' }, file: FILE, folders: false, isPrepared: false, kept });
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

test.skipIf(missing.length > 0)('a disk is copied as it is while its machine runs on', async () => {
  pod.boot([]);
  await counts(2);
  const copy = { pod: { name: 'p', namespace: 'n' }, index: 0, file: pod.path('/claims/root/snapshot-1'), leans: false };
  await copyLiveDisk({ shell: pod.shell, clock: systemClock, signal: new AbortController().signal }, copy);
  const at = counted().at(-1) ?? 0;
  const [disk, copied] = ['disk.img', 'snapshot-1'].map((name) => readFileSync(pod.path(`/claims/root/${name}`)));
  expect(copied?.equals(disk ?? Buffer.alloc(0))).toBe(true);
  await counts(at + 2);
});

const tools = () => ({ shell: pod.shell, clock: systemClock, signal: new AbortController().signal });
const saidOfStart = () => (existsSync(pod.path('/run/machine/start')) ? pod.read('/run/machine/start').trim() : '');

test.skipIf(missing.length > 0)('many go on from one memory, and who does not fit boots and says why', async () => {
  for (const image of ['/bases/a', '/bases/b']) pod.image(image);
  const first = pod.boot(['overlay', '/claims/root/disk.img', '/bases/a'], '/claims/root/disk.img');
  await counts(20);
  const kept = async () => undefined;
  await putToSleep(tools(), { pod: { name: 'p', namespace: 'n' }, file: FILE, folders: false, isPrepared: false, kept });
  await first.ended;
  const before = counted().at(-1) ?? 0;
  const another = async (image: string) => {
    writeFileSync(pod.path('/run/machine/console.log'), '');
    pod.boot(['instant', '/run/machine/root.qcow2', '/claims/root', '/bases/a', image], '/run/machine/root.qcow2');
    await expect.poll(saidOfStart, { timeout: 15_000 }).not.toBe('');
    const said = saidOfStart();
    await counts(2);
    const [from = 0] = counted();
    pod.stop();
    writeFileSync(pod.path('/run/machine/start'), '');
    return { said, from };
  };
  for (let times = 0; times < 2; times++) {
    const { said, from } = await another('/bases/a');
    expect(said).toBe('restored');
    expect(Math.abs(from - before)).toBeLessThanOrEqual(2);
  }
  const booted = await another('/bases/b');
  expect(booted.said).toContain('another version of its image');
  expect(booted.from).toBeLessThan(before);
  writeFileSync(pod.path(`${FILE}.emulator`), 'one of another time');
  expect((await another('/bases/a')).said).toContain('another version of the emulator');
});

test.skipIf(missing.length > 0)('what no emulator can read is not waited for: the machine boots', async () => {
  writeFileSync(join(pod.place, 'claims/root/memory'), 'of another time');
  started('resume');
  const first = await counts(2);
  expect(first).toBeLessThan(40);
  expect(existsSync(join(pod.place, 'claims/root/memory'))).toBe(false);
});
