import { type Backoff, backoffDelay } from './backoff.ts';

const DEFAULT_BACKOFF: Backoff = { baseMs: 20, capMs: 60_000 };
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Told of what happens in a queue, for gauges and histograms. */
export interface QueueObserver {
  /** A key waits that did not before. */
  added(): void;
  /** A worker took a key that had waited so long. */
  started(waitedMs: number): void;
  finished(workedMs: number): void;
  /** A key was given another try after a failure. */
  retried(): void;
}

/**
 * A queue of keys: a key that waits is held once, a key that is being worked on is queued again after its worker is done.
 * The rules are those of client-go's workqueue: no key is ever worked on twice at the same time, and none is lost.
 */
export class WorkQueue<Key> {
  readonly #id: (key: Key) => string;
  readonly #backoff: Backoff;
  readonly #observer: QueueObserver | undefined;
  readonly #waiting = new Map<string, Key>();
  // Taken before the others: what is nearly done is finished before something else is begun.
  readonly #urgent = new Map<string, Key>();
  readonly #since = new Map<string, number>();
  readonly #active = new Set<string>();
  readonly #again = new Map<string, { key: Key; first: boolean }>();
  readonly #failures = new Map<string, number>();
  readonly #appointments = new Map<string, { at: number; timer: NodeJS.Timeout }>();
  /** Calls workers that are free to what waits. */
  #call: () => void = () => undefined;
  #ended = false;

  /** `id` tells keys apart; the default serves strings. */
  constructor(id: (key: Key) => string = String, backoff: Backoff = DEFAULT_BACKOFF, observer?: QueueObserver) {
    this.#id = id;
    this.#backoff = backoff;
    this.#observer = observer;
  }

  /** Keys that wait now, without those with a later appointment. */
  get size(): number {
    return this.#waiting.size + this.#urgent.size;
  }

  /** Queues `key` now. */
  add(key: Key): void {
    this.#add(key, false);
  }

  /** Queues `key` before all that were added otherwise. */
  addFirst(key: Key): void {
    this.#add(key, true);
  }

  /** Queues `key` after `ms`; an earlier appointment wins. */
  addAfter(key: Key, ms: number): void {
    if (ms <= 0) return this.add(key);
    if (this.#ended) return;
    const name = this.#id(key);
    const at = Date.now() + ms;
    const earlier = this.#appointments.get(name);
    if (earlier && earlier.at <= at) return;
    if (earlier) clearTimeout(earlier.timer);
    const timer = setTimeout(() => this.#due(name, key), Math.min(ms, LONGEST_TIMER_MS));
    this.#appointments.set(name, { at, timer });
  }

  /** Queues `key` after its back-off and counts the failure. */
  retry(key: Key): void {
    const name = this.#id(key);
    const attempt = this.#failures.get(name) ?? 0;
    this.#failures.set(name, attempt + 1);
    this.#observer?.retried();
    this.addAfter(key, backoffDelay(this.#backoff, attempt));
  }

  /** Forgets the failures of `key`. */
  forget(key: Key): void {
    this.#failures.delete(this.#id(key));
  }

  /** The number of failures of `key` since it was last forgotten. */
  failures(key: Key): number {
    return this.#failures.get(this.#id(key)) ?? 0;
  }

  /** True when nothing waits, nothing is worked on and no appointment is due within `withinMs`. */
  idle(withinMs = 0): boolean {
    const soon = Date.now() + withinMs;
    return this.size === 0 && this.#active.size === 0 && ![...this.#appointments.values()].some(({ at }) => at <= soon);
  }

  /** Hands every key to `work`, at most `workers` at a time, until the signal aborts; resolves when the last worker is done. */
  async run(work: (key: Key) => Promise<void>, workers: number, signal: AbortSignal): Promise<void> {
    this.#ended = false;
    const running = new Set<Promise<void>>();
    let called = false;
    const start = () => {
      called = false;
      while (!signal.aborted && running.size < workers) {
        const task = this.#next(work);
        if (!task) return;
        running.add(task);
        void task.finally(() => {
          running.delete(task);
          start();
        });
      }
    };
    // Not at once: who adds a key is often in the middle of telling of several changes.
    this.#call = () => {
      if (called || running.size >= workers) return;
      called = true;
      queueMicrotask(start);
    };
    start();
    await aborted(signal);
    this.#call = () => undefined;
    // What still runs may ask for another turn. Nobody would keep that appointment, and its timer would hold up the end of the process.
    this.#ended = true;
    for (const { timer } of this.#appointments.values()) clearTimeout(timer);
    this.#appointments.clear();
    await Promise.all(running);
  }

  #due(name: string, key: Key): void {
    this.#appointments.delete(name);
    this.add(key);
  }

  #add(key: Key, first: boolean): void {
    const name = this.#id(key);
    if (this.#active.has(name)) this.#again.set(name, { key, first: first || this.#again.get(name)?.first === true });
    else {
      this.#wait(name, key, first);
      this.#call();
    }
  }

  #wait(name: string, key: Key, first: boolean): void {
    const urgent = this.#urgent.has(name);
    if (this.#observer && !this.#waiting.has(name) && !urgent) {
      this.#since.set(name, Date.now());
      this.#observer.added();
    }
    if (first) this.#waiting.delete(name);
    (first || urgent ? this.#urgent : this.#waiting).set(name, key);
  }

  /** Starts on the key that has waited longest. The task it returns never rejects: failures are the worker's to handle. */
  #next(work: (key: Key) => Promise<void>): Promise<void> | undefined {
    const from = this.#urgent.size > 0 ? this.#urgent : this.#waiting;
    const first = from.entries().next();
    if (first.done) return undefined;
    const [name, key] = first.value;
    from.delete(name);
    this.#active.add(name);
    const startedAt = this.#observer ? this.#began(name, this.#observer) : 0;
    const done = () => {
      this.#observer?.finished(Date.now() - startedAt);
      this.#finish(name);
    };
    return work(key).then(done, done);
  }

  #began(name: string, observer: QueueObserver): number {
    const now = Date.now();
    observer.started(now - (this.#since.get(name) ?? now));
    this.#since.delete(name);
    return now;
  }

  #finish(name: string): void {
    this.#active.delete(name);
    const again = this.#again.get(name);
    if (!again) return;
    this.#again.delete(name);
    this.#wait(name, again.key, again.first);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
