import { expect, test } from 'vitest';
import { WorkQueue } from './work-queue.ts';

function gate() {
  return Promise.withResolvers<void>();
}

test('a key that is added while it is worked on is worked on once more, never twice at the same time', async () => {
  const queue = new WorkQueue<string>();
  const stop = new AbortController();
  const first = gate();
  const second = gate();
  const gates = [first, second];
  let inside = 0;
  let most = 0;
  let count = 0;
  const running = queue.run(
    async () => {
      most = Math.max(most, ++inside);
      count++;
      await gates.shift()?.promise;
      inside--;
    },
    4,
    stop.signal,
  );
  queue.add('a');
  await Promise.resolve();
  queue.add('a');
  queue.add('a');
  first.resolve();
  second.resolve();
  await expect.poll(() => queue.idle()).toBe(true);
  stop.abort();
  await running;
  expect({ count, most }).toEqual({ count: 2, most: 1 });
});

test('an earlier appointment wins, and a retry waits longer each time', async () => {
  const queue = new WorkQueue<string>(String, { baseMs: 1, capMs: 50 });
  const stop = new AbortController();
  const seen: string[] = [];
  const running = queue.run(
    async (key) => {
      seen.push(key);
      if (queue.failures(key) < 3) queue.retry(key);
    },
    1,
    stop.signal,
  );
  queue.addAfter('a', 60_000);
  queue.addAfter('a', 1);
  await expect.poll(() => seen.length).toBe(4);
  expect(queue.failures('a')).toBe(3);
  stop.abort();
  await running;
});

test('a worker that fails does not end the queue', async () => {
  const queue = new WorkQueue<number>();
  const stop = new AbortController();
  const seen: number[] = [];
  const running = queue.run(
    async (key) => {
      seen.push(key);
      if (key === 1) throw new Error('boom');
    },
    1,
    stop.signal,
  );
  queue.add(1);
  queue.add(2);
  await expect.poll(() => seen).toEqual([1, 2]);
  stop.abort();
  await running;
});

test('what is nearly done goes before what is new, in the order in which it came', async () => {
  const queue = new WorkQueue<string>();
  const stop = new AbortController();
  const seen: string[] = [];
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  queue.addFirst('c');
  queue.addFirst('b');
  queue.add('c');
  expect(queue.size).toBe(4);
  const running = queue.run(async (key) => void seen.push(key), 1, stop.signal);
  await expect.poll(() => queue.idle()).toBe(true);
  stop.abort();
  await running;
  expect(seen).toEqual(['c', 'b', 'a', 'd']);
});

test('what asks for another turn when all has ended gets none, and holds nobody up', async () => {
  const queue = new WorkQueue<string>();
  const stop = new AbortController();
  queue.add('slow');
  const work = async (key: string) => {
    stop.abort();
    await new Promise((resolve) => setTimeout(resolve, 5));
    queue.addAfter(key, 600_000);
  };
  await queue.run(work, 1, stop.signal);
  expect(queue.idle(3_600_000)).toBe(true);
});
