/** Values for whoever listens now. Each listener has a queue of its own, bounded: a slow one is told that it missed something. */
export interface EventStream<T> {
  emit(value: T): void;
  /** Subscribes at once; ends with the signal. */
  subscribe(signal: AbortSignal): AsyncIterable<T>;
}

/** A new stream; `overflow` replaces what a listener with `limit` unread values has missed. */
export function eventStream<T>(overflow: T, limit = 10_000): EventStream<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    emit: (value) => {
      for (const listener of listeners) listener(value);
    },
    subscribe: (signal) => {
      const waiting: T[] = [];
      let wake: () => void = () => undefined;
      const listener = (value: T) => {
        if (waiting.length >= limit) waiting.splice(0, waiting.length, overflow);
        else waiting.push(value);
        wake();
      };
      listeners.add(listener);
      signal.addEventListener('abort', () => wake(), { once: true });
      return drain(waiting, signal, {
        sleep: () => new Promise<void>((resolve) => void (wake = resolve)),
        close: () => void listeners.delete(listener),
      });
    },
  };
}

async function* drain<T>(waiting: T[], signal: AbortSignal, listener: { sleep(): Promise<void>; close(): void }): AsyncGenerator<T> {
  try {
    while (!signal.aborted) {
      const next = waiting.shift();
      if (next === undefined) await listener.sleep();
      else yield next;
    }
  } finally {
    listener.close();
  }
}
