import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent, systemClock } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { type Evictable, lookAtDisk } from './pressure.ts';

test('who writes more than its ephemeral limit is evicted with the figures, and its neighbours are not', async () => {
  const written = new Map([
    ['greedy', 20_000_000],
    ['modest', 1_000],
    ['free', 90_000_000],
  ]);
  const failures: string[] = [];
  const pod = (name: string, limit: string | undefined): Evictable => {
    const resources = limit === undefined ? {} : { limits: { 'ephemeral-storage': limit } };
    const spec = { containers: [{ name: 'main', image: 'a:1', resources }] };
    return {
      pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name, uid: name }, spec },
      active: true,
      containerIds: [name],
      fail: ({ reason, message }) => void failures.push(`${name} ${reason}: ${message}`),
    };
  };
  const pressure: boolean[] = [];
  const options = {
    runtime: { writtenBytes: () => Promise.resolve(written) },
    dataDir: await mkdtemp(join(tmpdir(), 'crownlabs-disk-')),
    clock: systemClock,
    log: silent,
    runners: () => [pod('greedy', '10M'), pod('modest', '10M'), pod('free', undefined)],
    setDiskPressure: (now: boolean) => Promise.resolve(void pressure.push(now)),
    makeRoom: () => Promise.resolve(false),
  };
  await lookAtDisk(options, true);
  expect(failures).toEqual(['greedy Evicted: The pod used 20 MB of temporary disk space; its limit is 10 MB.']);
  expect(pressure).toEqual([false]);
});
