import type { Informer, KubeObject, Resource } from '@crownlabs/client';
import type { Clock } from '@crownlabs/std';
import type { Attributes } from './access.ts';
import { maySee } from './visibility.ts';

/** One message of a subscription. `BOOKMARK` says that all there was at the start has been sent. */
export type Update =
  | { readonly updateType: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly payload: KubeObject }
  | { readonly updateType: 'BOOKMARK'; readonly payload: null };

/** What a subscriber wants to follow, and how it is asked what he may. */
export interface Subscriber {
  readonly resource: Resource;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly matches: (object: KubeObject) => boolean;
  /** Begin with what is there, then a bookmark; otherwise changes only. */
  readonly initial: boolean;
  readonly allowed: (attributes: Attributes) => Promise<boolean>;
}

/**
 * A right that is taken away, or given, without a change of the object is noticed after this time; a reader of very many objects,
 * each reviewed by itself, is asked about less often.
 */
const REVIEW_AGAIN = { leastMs: 5_000, eachMs: 100, mostMs: 30_000 };
const RETRY_DENIED_MS = 1_000;
const ASK_AGAIN = 3;

const keyOf = (object: KubeObject) => `${object.metadata.namespace ?? ''}/${object.metadata.name}`;

/**
 * Turns one shared informer into the stream of one subscriber.
 *
 * It works on levels: a change only marks its key, and what is sent is the difference between what the subscriber has and what he may
 * have now. So a slow reader costs one entry per object, never a growing queue, and a deletion shows him only what he had been sent before.
 */
export class UpdateStream {
  readonly #informer: Informer<KubeObject>;
  readonly #subscriber: Subscriber;
  readonly #clock: Clock;
  readonly #sent = new Map<string, KubeObject>();
  readonly #dirty = new Set<string>();
  readonly #denied = new Set<string>();
  /** How often a refusal is asked again after a change: the Role of a new Instance comes a moment after the Instance. */
  readonly #patience = new Map<string, number>();
  #wake: () => void = () => undefined;

  constructor(informer: Informer<KubeObject>, subscriber: Subscriber, clock: Clock) {
    this.#informer = informer;
    this.#subscriber = subscriber;
    this.#clock = clock;
  }

  /** Runs until `signal` aborts or the reader returns. */
  run(signal: AbortSignal): AsyncIterableIterator<Update> {
    const own = new AbortController();
    const source = this.#updates(AbortSignal.any([signal, own.signal]));
    const updates: AsyncIterableIterator<Update> = {
      next: () => source.next(),
      return: () => {
        // A generator that waits does not hear `return`, so the wait is ended first.
        own.abort();
        return source.return(undefined);
      },
      [Symbol.asyncIterator]: () => updates,
    };
    return updates;
  }

  async *#updates(signal: AbortSignal): AsyncGenerator<Update> {
    await this.#informer.synced(signal);
    const timers = new AbortController();
    const stop = this.#informer.onChange((now, before) => this.#mark(now ?? before));
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    try {
      if (!this.#subscriber.initial) await this.#assume();
      yield* this.#drain(signal);
      if (this.#subscriber.initial) yield { updateType: 'BOOKMARK', payload: null };
      void this.#every(
        () => this.#reviewMs(),
        timers.signal,
        () => this.#markSent(),
      );
      void this.#every(
        () => RETRY_DENIED_MS,
        timers.signal,
        () => this.#markDenied(),
      );
      while (!signal.aborted) {
        if (this.#dirty.size === 0) await new Promise<void>((resolve) => void (this.#wake = resolve));
        yield* this.#drain(signal);
      }
    } finally {
      timers.abort();
      stop();
    }
  }

  #mark(object: KubeObject | undefined): void {
    if (!object || !this.#inPlace(object)) return;
    this.#dirty.add(keyOf(object));
    this.#patience.set(keyOf(object), ASK_AGAIN);
    this.#wake();
  }

  #inPlace({ metadata }: KubeObject): boolean {
    const { namespace, name } = this.#subscriber;
    return (namespace === undefined || metadata.namespace === namespace) && (name === undefined || metadata.name === name);
  }

  /** A subscriber without `initial` has read the list before: what is there now counts as sent. */
  async #assume(): Promise<void> {
    for (const key of this.#dirty) {
      this.#dirty.delete(key);
      const object = this.#now(key);
      if (object && (await this.#maySee(object))) this.#sent.set(key, object);
    }
  }

  async *#drain(signal: AbortSignal): AsyncGenerator<Update> {
    for (const key of this.#dirty) {
      if (signal.aborted) return;
      this.#dirty.delete(key);
      yield* this.#settle(key);
    }
  }

  async *#settle(key: string): AsyncGenerator<Update> {
    const had = this.#sent.get(key);
    const there = this.#now(key);
    const now = there && (await this.#maySee(there)) ? there : undefined;
    if (there && !now) this.#askLater(key, there);
    if (now) this.#sent.set(key, now);
    else this.#sent.delete(key);
    yield* difference(had, now);
  }

  #now(key: string): KubeObject | undefined {
    const [namespace, name = ''] = key.split('/');
    return this.#informer.get(name, namespace === '' ? undefined : namespace);
  }

  async #maySee(object: KubeObject): Promise<boolean> {
    return this.#subscriber.matches(object) && (await maySee(this.#subscriber.resource, object, this.#subscriber.allowed));
  }

  #askLater(key: string, object: KubeObject): void {
    const left = this.#patience.get(key) ?? 0;
    if (left > 0 && this.#subscriber.matches(object)) this.#denied.add(key);
    this.#patience.set(key, left - 1);
  }

  #markSent(): void {
    for (const key of this.#sent.keys()) this.#dirty.add(key);
    this.#wake();
  }

  #markDenied(): void {
    if (this.#denied.size === 0) return;
    for (const key of this.#denied) this.#dirty.add(key);
    this.#denied.clear();
    this.#wake();
  }

  #reviewMs(): number {
    return Math.min(Math.max(this.#sent.size * REVIEW_AGAIN.eachMs, REVIEW_AGAIN.leastMs), REVIEW_AGAIN.mostMs);
  }

  async #every(ms: () => number, signal: AbortSignal, act: () => void): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.#clock.sleep(ms(), signal);
        act();
      }
    } catch {
      // Aborted: the subscriber has gone.
    }
  }
}

/** What a reader who has `had` must be told to have `now`. A deletion shows what he had, never what came after. */
function difference(had: KubeObject | undefined, now: KubeObject | undefined): Update[] {
  if (had && had.metadata.uid !== now?.metadata.uid) {
    const gone: Update = { updateType: 'DELETED', payload: had };
    return now ? [gone, { updateType: 'ADDED', payload: now }] : [gone];
  }
  if (!now) return [];
  if (!had) return [{ updateType: 'ADDED', payload: now }];
  return had.metadata.resourceVersion === now.metadata.resourceVersion ? [] : [{ updateType: 'MODIFIED', payload: now }];
}
