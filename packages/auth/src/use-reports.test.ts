import type { KubeClient } from '@crownlabs/client';
import { silent } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { createUseReports } from './use-reports.ts';

const instance = { metadata: { name: 'desk', namespace: 'tenant-ada', uid: 'u1' } } as never;

/** An API that keeps leases, and time that passes when somebody waits for it. */
function world() {
  let now = 1_800_000_000_000;
  const written: { at: number; lease: { metadata: { name: string; annotations?: object }; spec: { renewTime: string } } }[] = [];
  const sleepers: { until: number; wake: () => void }[] = [];
  const clock = {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        sleepers.push({ until: now + ms, wake: resolve });
        signal?.addEventListener('abort', () => reject(new Error('over')));
      }),
  };
  const apply = async (_resource: unknown, lease: (typeof written)[number]['lease']) => void written.push({ at: now, lease });
  const pass = async (ms: number) => {
    now += ms;
    for (const it of sleepers) if (it.until <= now) it.wake();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { clock, written, pass, client: { apply } as unknown as KubeClient };
}

test('use is written at once, then once a minute with the last moment of it', async () => {
  const { clock, written, pass, client } = world();
  const reports = createUseReports({ client, clock, log: silent });
  reports.used(instance);
  await pass(0);
  expect(written).toHaveLength(1);
  for (let i = 0; i < 59; i += 1) {
    reports.used(instance);
    await pass(1_000);
  }
  expect(written).toHaveLength(1);
  await pass(1_000);
  expect(written).toHaveLength(2);
  expect(written[1]?.lease).toMatchObject({
    metadata: { name: 'u1', namespace: 'crownlabs-activity' },
    spec: { holderIdentity: 'tenant-ada/desk' },
  });
  expect(Date.parse(written[1]?.lease.spec.renewTime ?? '')).toBe(clock.now() - 2_000);
  await pass(600_000);
  expect(written).toHaveLength(2);
});

test('what was used in the last minute is told before the door closes', async () => {
  const { clock, written, pass, client } = world();
  const reports = createUseReports({ client, clock, log: silent });
  reports.used(instance);
  await pass(10_000);
  reports.used(instance);
  await reports[Symbol.asyncDispose]();
  expect(written).toHaveLength(2);
});

test('a wish to keep is written at once; an API that is away fails it, and does not fail use', async () => {
  const { clock, written, client } = world();
  const reports = createUseReports({ client, clock, log: silent });
  await reports.keep(instance, { fromExpiration: true });
  expect(written[0]?.lease.metadata.annotations).toHaveProperty('lab.crownlabs.polito.it/kept-from-expiration');
  const away = createUseReports({
    client: { apply: async () => Promise.reject(new Error('away')) } as unknown as KubeClient,
    clock,
    log: silent,
  });
  away.used(instance);
  await expect(away.keep(instance)).rejects.toThrow('away');
  await away[Symbol.asyncDispose]();
});
