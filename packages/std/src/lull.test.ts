import { expect, test } from 'vitest';
import { lull } from './lull.ts';

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Keeps every turn of the event loop long until `signal` aborts. */
function rush(signal: AbortSignal): void {
  if (signal.aborted) return;
  busyFor(6);
  setImmediate(() => rush(signal));
}

test('in a quiet process nobody waits', async () => {
  const began = performance.now();
  await lull(10_000);
  expect(performance.now() - began).toBeLessThan(1_000);
});

test('in a rush one waits until it is over, or as long as was said', async () => {
  const over = new AbortController();
  const told: string[] = [];
  rush(over.signal);
  const patient = lull(60_000).then(() => told.push('patient'));
  await lull(30).then(() => told.push('hasty'));
  expect(told).toEqual(['hasty']);
  over.abort();
  await patient;
  expect(told).toEqual(['hasty', 'patient']);
});

test('all who wait get their turn', async () => {
  const done = await Promise.all(Array.from({ length: 50 }, (_, i) => lull(10_000).then(() => i)));
  expect(done).toHaveLength(50);
});
