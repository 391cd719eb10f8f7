import { expect, test, vi } from 'vitest';
import { leanAtRest } from './lean-at-rest.ts';

const EVERY_MS = 50;

/** How often memory was given back by a process that has a nursery of that size and works for so much of its time. */
async function collections(megabytes: number, workMs: number): Promise<number> {
  const collect = vi.fn<() => void>();
  using _ = leanAtRest({ everyMs: EVERY_MS, nursery: () => megabytes * 2 ** 20, collect });
  for (const end = performance.now() + 4 * EVERY_MS; performance.now() < end; ) {
    for (const done = performance.now() + workMs; performance.now() < done; );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return collect.mock.calls.length;
}

test('a process with a large nursery gives memory back when it rests, and not before', async () => {
  expect(await collections(32, 20)).toBe(0);
  // Once: V8 needs a while.
  await vi.waitFor(async () => expect(await collections(32, 0)).toBe(1), 10_000);
  expect(await collections(1, 0)).toBe(0);
});
