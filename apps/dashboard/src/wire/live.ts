import { useSyncExternalStore } from 'react';
import type { Problem } from './problem.ts';

/** A value that changes by itself, and the way to hear of it. */
export interface Live<T> {
  readonly get: () => T;
  readonly subscribe: (listener: () => void) => () => void;
}

/** What a view can know of something that comes over the wire. */
export type Loadable<T> = { state: 'loading' } | { state: 'failed'; problem: Problem; retry: () => void } | { state: 'ready'; value: T };

/** A live value that is set from outside. */
export class Cell<T> implements Live<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  readonly get = (): T => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of this.#listeners) listener();
  }
}

/** The current value; the component renders again when it changes. */
export function useLive<T>(live: Live<T>): T {
  return useSyncExternalStore(live.subscribe, live.get);
}

/** The value behind a Loadable, changed; loading and failure pass through. */
export function mapLoadable<A, B>(loadable: Loadable<A>, change: (value: A) => B): Loadable<B> {
  return loadable.state === 'ready' ? { state: 'ready', value: change(loadable.value) } : loadable;
}
