import { setImmediate as turnEnd } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { atOnce, inTurns, nextTurn, overdue } from './turn.ts';

const LONG_MS = 20;

function work(): void {
  const until = performance.now() + LONG_MS;
  while (performance.now() < until);
}

test('a turn is overdue when it lasted for long, and the next is not', async () => {
  await turnEnd();
  expect(overdue()).toBe(false);
  work();
  expect(overdue()).toBe(true);
  await nextTurn();
  expect(overdue()).toBe(false);
});

test('of many that wait, each gets a turn of its own when one fills it', async () => {
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  overdue();
  work();
  await Promise.all([1, 2, 3].map(() => nextTurn().then(work)));
  clearInterval(count);
  expect(turns).toBeGreaterThanOrEqual(2);
});

test('work in steps is done at once where it is short, and lets others in where it is long', async () => {
  function* steps(step: () => void): Generator<void, string> {
    step();
    yield;
    step();
    return 'done';
  }
  await turnEnd();
  expect(inTurns(steps(() => undefined))).toBe('done');
  let served = false;
  setImmediate(() => (served = true));
  const long = inTurns(steps(work));
  expect(long).toBeInstanceOf(Promise);
  expect(await long).toBe('done');
  expect(served).toBe(true);
  expect(atOnce(steps(work))).toBe('done');
});
