import { expect, test } from 'vitest';
import { spanMs } from './span.ts';
import { nextStep } from './warnings.ts';

const HOUR = 3_600_000;
const plan = { count: 2, intervalMs: 24 * HOUR };
const due = 100 * HOUR;
const round = { due, sent: 0, lastSentAt: undefined, plan, now: due };

test('there is one warning an interval, and it is done an interval after the last one', () => {
  expect(nextStep({ ...round, now: due - 1 })).toEqual({ do: 'wait', until: due, actAt: due + 48 * HOUR });
  expect(nextStep(round)).toEqual({ do: 'warn', ordinal: 1, actAt: due + 48 * HOUR });
  expect(nextStep({ ...round, sent: 1, lastSentAt: due, now: due + HOUR })).toEqual({
    do: 'wait',
    until: due + 24 * HOUR,
    actAt: due + 48 * HOUR,
  });
  expect(nextStep({ ...round, sent: 1, lastSentAt: due, now: due + 24 * HOUR })).toEqual({
    do: 'warn',
    ordinal: 2,
    actAt: due + 48 * HOUR,
  });
  expect(nextStep({ ...round, sent: 2, lastSentAt: due + 24 * HOUR, now: due + 47 * HOUR }).do).toBe('wait');
  expect(nextStep({ ...round, sent: 2, lastSentAt: due + 24 * HOUR, now: due + 48 * HOUR })).toEqual({ do: 'act' });
});

test('whoever cannot be warned, or is to be warned no time, is not waited for', () => {
  expect(nextStep({ ...round, plan: undefined })).toEqual({ do: 'act' });
  expect(nextStep({ ...round, plan: { ...plan, count: 0 } })).toEqual({ do: 'act' });
  expect(nextStep({ ...round, plan: undefined, now: due - 1 })).toEqual({ do: 'wait', until: due, actAt: due });
});

test('a number of warnings that was lowered meanwhile ends the round after the interval', () => {
  expect(nextStep({ ...round, sent: 3, lastSentAt: due, now: due + 24 * HOUR })).toEqual({ do: 'act' });
});

// The known system reads minutes, hours and days only, although its schema admits seconds.
test.each([
  ['30s', 30_000],
  ['10m', 600_000],
  ['2h', 7_200_000],
  ['15d', 1_296_000_000],
  ['never', undefined],
  ['', undefined],
  ['h', undefined],
])('[BUG] 2.10: the span %s is read, seconds too', (text, ms) => {
  expect(spanMs(text)).toBe(ms);
});
