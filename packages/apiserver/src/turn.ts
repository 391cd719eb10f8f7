import { setImmediate as turnEnd } from 'node:timers/promises';

// With the steps that are under way when it is over, a turn stays below the 50 ms that anybody may have to wait.
const MOST_MS = 12;

/** When work began in this turn of the event loop. */
let began: number | undefined;

/** Whether this turn of the event loop has lasted for long enough, whoever took the time: what is left waits for the next. */
export function overdue(): boolean {
  if (began !== undefined) return performance.now() - began > MOST_MS;
  began = performance.now();
  setImmediate(() => {
    began = undefined;
  });
  return false;
}

/** A turn that has time left. Others are served in between. */
export async function nextTurn(): Promise<void> {
  // All who wait are woken in the same turn, and the first of them may use it up.
  do await turnEnd();
  while (overdue());
}

/** Runs work that stops between its steps, in as many turns as it takes: at once where it is short. */
export function inTurns<T>(steps: Iterator<void, T>): T | Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (overdue()) return nextTurn().then(() => inTurns(steps));
  }
}

/** Runs work that stops between its steps to its end. */
export function atOnce<T>(steps: Iterator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}
