import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesText } from '@crownlabs/api';
import type { Runtime } from '@crownlabs/runtime';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';
import { amountOf } from './amounts.ts';
import { idOf, type Pod, specOf } from './pod.ts';
import type { PodRunner } from './pod-runner.ts';
import { segment, usedBytes } from './volumes/directories.ts';

/** What watches over the disk. */
export interface PressureOptions {
  readonly runtime: Pick<Runtime, 'writtenBytes'>;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
  runners(): readonly Evictable[];
  setDiskPressure(pressure: boolean): Promise<void>;
  /** Makes room where it costs nobody anything: unused images. Returns whether it did. */
  makeRoom(): Promise<boolean>;
}

/** A pod that may have to go. */
export type Evictable = Pick<PodRunner, 'pod' | 'active' | 'containerIds' | 'fail'>;

const EVERY_MS = 30_000;
const LEAST_SHARE = 0.05;
const LEAST_BYTES = 1 << 30;
// Ephemeral limits are measured by counting files, so not at every look.
const LOOKS_PER_COUNT = 2;

/** Watches the disk until the signal aborts: evicts who takes more than the limit of its pod, and the largest when the disk is nearly full. */
export async function watchDisk(options: PressureOptions, signal: AbortSignal): Promise<void> {
  for (let look = 1; !signal.aborted; look++) {
    await options.clock.sleep(EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    await lookAtDisk(options, look % LOOKS_PER_COUNT === 0).catch((error: unknown) =>
      options.log.error('The disk was not looked at', { error: messageOf(error) }),
    );
  }
}

/** One look. */
export async function lookAtDisk(options: PressureOptions, count: boolean): Promise<void> {
  const { dataDir } = options;
  const tight = await isTight(dataDir);
  await options.setDiskPressure(tight);
  if (tight && (await options.makeRoom()) && !(await isTight(dataDir))) return;
  const active = options.runners().filter((runner) => runner.active);
  const measured = tight ? active : active.filter(({ pod }) => count && ephemeralLimit(pod) !== undefined);
  if (measured.length === 0) return;
  const written = await options.runtime.writtenBytes();
  const used = await Promise.all(measured.map(async (runner) => ({ runner, bytes: await ephemeralBytes(runner, written, dataDir) })));
  const over = used.filter(({ runner, bytes }) => bytes > (ephemeralLimit(runner.pod) ?? Number.POSITIVE_INFINITY));
  for (const { runner, bytes } of over) {
    evict(runner, `The pod used ${text(bytes)} of temporary disk space; its limit is ${text(ephemeralLimit(runner.pod) ?? 0)}.`);
  }
  if (tight && over.length === 0) evictLargest(used);
}

function evictLargest(used: readonly { readonly runner: Evictable; readonly bytes: number }[]): void {
  const [largest] = used.toSorted((a, b) => b.bytes - a.bytes);
  if (largest) evict(largest.runner, `The node's disk is nearly full and this pod used the most of it: ${text(largest.bytes)}.`);
}

async function isTight(path: string): Promise<boolean> {
  const { bavail, blocks, bsize } = await statfs(path);
  const free = bavail * bsize;
  return free < Math.min(LEAST_BYTES, blocks * bsize * LEAST_SHARE);
}

/** The sum of its containers' limits; absent when one of them has none. */
function ephemeralLimit(pod: Pod): number | undefined {
  const limits = specOf(pod).containers.map(({ resources }) => amountOf(resources?.limits, 'ephemeral-storage'));
  return limits.reduce((sum, limit) => (sum === undefined || limit === undefined ? undefined : sum + limit), 0);
}

async function ephemeralBytes({ pod, containerIds }: Evictable, written: ReadonlyMap<string, number>, dataDir: string): Promise<number> {
  const layers = containerIds.reduce((sum, id) => sum + (written.get(id) ?? 0), 0);
  return layers + (await usedBytes(join(dataDir, 'pods', segment(idOf(pod).uid))));
}

function evict(runner: Evictable, message: string): void {
  runner.fail({ reason: 'Evicted', message });
}

function text(bytes: number): string {
  return bytesText({ nano: BigInt(Math.round(bytes)) * 1_000_000_000n, binary: false });
}
