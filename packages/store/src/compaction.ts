import type { Clock } from '@crownlabs/std';

/** How long history is kept. */
export interface Retention {
  /** Every revision younger than this can be read and watched from. */
  readonly forMs: number;
  /** Beyond this many revisions the oldest go earlier, but never those of the last 75 s. */
  readonly revisions: number;
}

const LEAST_MS = 75_000;

/** Remembers when revisions were, so that old history can be told from young. */
export class Ages {
  readonly #clock: Clock;
  readonly #retention: Retention;
  #marks: { at: number; revision: number }[] = [];

  constructor(clock: Clock, retention: Retention) {
    this.#clock = clock;
    this.#retention = retention;
  }

  /** Notes that `revision` is the last one now. */
  mark(revision: number): void {
    if (this.#marks.at(-1)?.revision !== revision) this.#marks.push({ at: this.#clock.now(), revision });
  }

  /** The revision up to which history may go. */
  expired(current: number): number {
    const now = this.#clock.now();
    const byAge = this.#lastBefore(now - this.#retention.forMs);
    const byCount = Math.min(current - this.#retention.revisions, this.#lastBefore(now - LEAST_MS));
    const target = Math.max(byAge, byCount);
    this.#marks = this.#marks.filter((mark) => mark.revision >= target);
    return target;
  }

  #lastBefore(time: number): number {
    let found = 0;
    for (const mark of this.#marks) if (mark.at <= time) found = mark.revision;
    return found;
  }
}
