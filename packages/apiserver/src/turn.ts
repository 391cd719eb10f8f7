// A turn is what arrived and then what waited, so it may be twice this and the step under way, out of the 50 ms for which nobody may be held up.
const MOST_MS = 8;

/** When work began in this turn of the event loop. */
let began: number | undefined;
/** Who waits for a turn, in order. */
const waiting = new Set<() => void>();

/** Whether this turn of the event loop has lasted for long enough, whoever took the time: what is left waits for the next. */
export function overdue(): boolean {
  if (began !== undefined) return performance.now() - began > MOST_MS;
  begin();
  return false;
}

function begin(): void {
  began = performance.now();
  setImmediate(() => {
    began = undefined;
  });
}

/** A turn that has time left. Others are served in between. */
export function nextTurn(): Promise<void> {
  return new Promise((go) => {
    waiting.add(go);
    if (waiting.size === 1) setImmediate(wake);
  });
}

function wake(): void {
  begin();
  wakeFirst();
}

/** One after the other for as long as there is time: to wake all, and have all but the first wait again, would cost more than their work. */
function wakeFirst(): void {
  const [go] = waiting;
  if (!go) return;
  waiting.delete(go);
  go();
  if (waiting.size === 0) return;
  // After what the one just woken does until it waits for something.
  queueMicrotask(() => (overdue() ? setImmediate(wake) : wakeFirst()));
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
