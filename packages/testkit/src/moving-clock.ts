import { type Clock, systemClock } from '@crownlabs/std';

/** The machine's clock with a hand on it: `pass` lets time go by at once. What waits in a queue is not woken by that. */
export function movingClock(): Clock & { pass(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    pass: (ms) => {
      ahead += ms;
    },
  };
}
