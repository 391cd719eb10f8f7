/** A turn of the event loop that took longer had somebody else's work in it. */
const CALM_MS = 3;

interface Waiter {
  readonly until: number;
  readonly go: () => void;
  gone: boolean;
}

/** Those who wait, in order of arrival, from `first` on; some of them may be gone. */
let waiters: Waiter[] = [];
let first = 0;
let watching = false;
/** When the first of them has waited for long enough: until then a turn of a rush looks at none. */
let soonest = Number.POSITIVE_INFINITY;

/**
 * Resolves when the process has a moment to spare, and after `mostMs` in any case. What only tells of work waits here for the work itself:
 * in a quiet process that is one turn of the event loop, in a rush what is told afterwards is told once.
 */
export function lull(mostMs: number): Promise<void> {
  return new Promise((go) => {
    const until = performance.now() + mostMs;
    waiters.push({ until, go, gone: false });
    soonest = Math.min(soonest, until);
    if (!watching) watch(performance.now());
  });
}

function watch(began: number): void {
  watching = true;
  setImmediate(() => {
    const now = performance.now();
    release(now, now - began < CALM_MS);
    watching = anybodyWaits();
    if (watching) watch(performance.now());
  });
}

/** Whether anybody waits; forgets those in front who are gone. */
function anybodyWaits(): boolean {
  while (waiters[first]?.gone === true) first += 1;
  if (first < waiters.length) return true;
  waiters = [];
  first = 0;
  return false;
}

/** One at a time, so that those who waited do not make a rush of their own, and all who have waited for long enough. */
function release(now: number, calm: boolean): void {
  const next = waiters[first];
  if (calm && next) go(next);
  if (now < soonest) return;
  soonest = Number.POSITIVE_INFINITY;
  for (const waiter of waiters.slice(first)) {
    if (waiter.gone) continue;
    if (now >= waiter.until) go(waiter);
    else soonest = Math.min(soonest, waiter.until);
  }
}

function go(waiter: Waiter): void {
  waiter.gone = true;
  waiter.go();
}
