/** A change that is shown before the server has confirmed it. */
interface Pretence<T> {
  readonly key: string;
  readonly change: (item: T | undefined) => T | undefined;
  /** Whether what the server says makes the pretence superfluous. */
  readonly settled: (item: T | undefined) => boolean;
}

/** One message of a subscription, as it is read from the wire. */
export type ListMessage<T> = { type: 'put'; item: T } | { type: 'gone'; item: T } | { type: 'all' };

/**
 * What the server has told of a list, and what we pretend meanwhile. Pure: no wire, no time.
 * After a reconnection the old items stay visible until the new list is complete.
 */
export class KeyedList<T> {
  readonly #keyOf: (item: T) => string;
  #items = new Map<string, T>();
  #incoming: Map<string, T> | undefined = new Map();
  #complete = false;
  #pretences: readonly Pretence<T>[] = [];

  constructor(keyOf: (item: T) => string) {
    this.#keyOf = keyOf;
  }

  /** Whether the whole list has been seen once. */
  get complete(): boolean {
    return this.#complete;
  }

  /** A new connection will tell everything from the beginning. */
  begin(): void {
    this.#incoming = new Map();
  }

  receive(message: ListMessage<T>): void {
    if (message.type === 'all') {
      this.#items = this.#incoming ?? this.#items;
      this.#incoming = undefined;
      this.#complete = true;
    } else {
      const target = this.#incoming ?? this.#items;
      const key = this.#keyOf(message.item);
      if (message.type === 'put') target.set(key, message.item);
      else target.delete(key);
    }
    this.#pretences = this.#pretences.filter((pretence) => !pretence.settled(this.#known(pretence.key)));
  }

  /** Shows `change` until the server's word settles it or the returned function takes it back. */
  pretend(pretence: Pretence<T>): () => void {
    this.#pretences = [...this.#pretences, pretence];
    return () => {
      this.#pretences = this.#pretences.filter((other) => other !== pretence);
    };
  }

  items(): T[] {
    const shown = new Map(this.#items);
    for (const { key, change } of this.#pretences) {
      const item = change(shown.get(key));
      if (item === undefined) shown.delete(key);
      else shown.set(key, item);
    }
    return [...shown.values()];
  }

  #known(key: string): T | undefined {
    return (this.#incoming ?? this.#items).get(key);
  }
}
