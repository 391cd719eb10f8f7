import { useSyncExternalStore } from 'react';

/** Time as a store: it moves while someone looks at it. */
class Ticker {
  readonly #everyMs: number;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #now = Date.now();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  readonly get = (): number => this.#now;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#timer ??= this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  #start(): ReturnType<typeof setInterval> {
    this.#now = Date.now();
    return setInterval(() => {
      this.#now = Date.now();
      for (const listener of this.#listeners) listener();
    }, this.#everyMs);
  }
}

const SECONDS = new Ticker(1_000);
const MINUTES = new Ticker(60_000);

/** The time of day: every second while seconds are counted under the reader's eyes, else every minute. */
export function useNow(inSeconds: boolean): number {
  const ticker = inSeconds ? SECONDS : MINUTES;
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}
