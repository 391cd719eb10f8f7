import type { GraphQuery, GraphSocket } from './graph-socket.ts';
import { KeyedList, type ListMessage } from './keyed-list.ts';
import type { Live, Loadable } from './live.ts';
import type { Problem } from './problem.ts';

/** What a list is made of. */
export interface ListShape<T> {
  readonly query: GraphQuery;
  readonly read: (payload: unknown) => T;
  readonly keyOf: (item: T) => string;
  readonly order: (a: T, b: T) => number;
}

/** How long a list is kept up after its last view has gone: turning a page and back asks for nothing anew. */
const LINGER_MS = 10_000;

/** A list that the server keeps up to date. It is followed while someone looks. */
export class LiveList<T> implements Live<Loadable<readonly T[]>> {
  readonly #socket: GraphSocket;
  readonly #shape: ListShape<T>;
  readonly #list: KeyedList<T>;
  readonly #listeners = new Set<() => void>();
  #value: Loadable<readonly T[]> = { state: 'loading' };
  #problem: Problem | undefined;
  #stop: (() => void) | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #announced = false;

  constructor(socket: GraphSocket, shape: ListShape<T>) {
    this.#socket = socket;
    this.#shape = shape;
    this.#list = new KeyedList(shape.keyOf);
  }

  /** Whether it is kept up to date now. */
  get followed(): boolean {
    return this.#stop !== undefined;
  }

  readonly get = (): Loadable<readonly T[]> => this.#value;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#linger);
    this.#stop ??= this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#linger = setTimeout(() => this.#end(), LINGER_MS);
    };
  };

  /** Shows a change before the server confirms it; the returned function takes it back. */
  pretend(key: string, change: (item: T | undefined) => T | undefined, settled: (item: T | undefined) => boolean): () => void {
    const undo = this.#list.pretend({ key, change, settled });
    this.#announce();
    return () => {
      undo();
      this.#announce();
    };
  }

  #follow(): () => void {
    return this.#socket.follow(this.#shape.query, {
      begin: () => this.#list.begin(),
      next: (root) => this.#receive(root),
      failed: (problem) => {
        this.#problem = problem;
        this.#announce();
      },
    });
  }

  #receive(root: unknown): void {
    const message = this.#read(root);
    if (!message) return;
    this.#problem = undefined;
    this.#list.receive(message);
    this.#announce();
  }

  #read(root: unknown): ListMessage<T> | undefined {
    if (typeof root !== 'object' || root === null || !('updateType' in root)) return undefined;
    if (root.updateType === 'BOOKMARK') return { type: 'all' };
    const item = this.#shape.read('payload' in root ? root.payload : undefined);
    return { type: root.updateType === 'DELETED' ? 'gone' : 'put', item };
  }

  /** Many messages of one turn make one rendering. */
  #announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      this.#value = this.#now();
      for (const listener of this.#listeners) listener();
    });
  }

  #now(): Loadable<readonly T[]> {
    if (this.#problem) return { state: 'failed', problem: this.#problem, retry: () => this.#retry() };
    if (!this.#list.complete) return { state: 'loading' };
    return { state: 'ready', value: this.#list.items().toSorted(this.#shape.order) };
  }

  #retry(): void {
    this.#stop?.();
    this.#problem = undefined;
    this.#stop = this.#follow();
    this.#announce();
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
  }
}
