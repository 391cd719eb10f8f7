import { backoffDelay, type Clock, hasCode, type Logger, messageOf, silent, systemClock } from '@crownlabs/std';
import type { Informer, InformerOptions, KubeClient, WatchEvent } from './client.ts';
import { type KubeObject, keyOf, keyText, type ObjectKey, type Resource } from './object.ts';
import { deepFreeze, withoutManagers } from './watch-lines.ts';

const BACKOFF = { baseMs: 100, capMs: 30_000 };
const TOLD_AFTER = 6;

type Listener<T> = (now: T | undefined, before: T | undefined) => void;

/**
 * A live local copy of a list: lists, then watches, and lists again when the server has forgotten where we were.
 * Runs until `signal` aborts; failures are logged and tried again with back-off, never thrown.
 */
export function informer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: InformerOptions<T>,
  signal: AbortSignal,
): Informer<T> {
  const live = new LiveList<T>(options);
  const follow = new Follower(client, resource, options, live);
  void follow.run(signal);
  return live;
}

/** The copy itself: objects by key and by index, and who wants to hear of changes. */
class LiveList<T extends KubeObject> implements Informer<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Map<string, Map<string, T>>>();
  readonly #indexOf: Readonly<Record<string, (object: T) => readonly string[]>>;
  readonly #fits: (object: T) => boolean;
  readonly #listeners = new Set<Listener<T>>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #log: Logger;
  #listed: readonly T[] | undefined;
  #synced = false;

  constructor({ indexes = {}, only = () => true, log = silent }: InformerOptions<T>) {
    this.#indexOf = indexes;
    this.#fits = only;
    this.#log = log;
    for (const name of Object.keys(indexes)) this.#indexes.set(name, new Map());
  }

  get hasSynced(): boolean {
    return this.#synced;
  }

  async synced(signal?: AbortSignal): Promise<void> {
    if (!signal) return this.#ready.promise;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([this.#ready.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#objects.get(keyText(namespace === undefined ? { name } : { namespace, name }));
  }

  list(): readonly T[] {
    this.#listed ??= [...this.#objects.values()];
    return this.#listed;
  }

  byIndex(index: string, value: string): readonly T[] {
    const byValue = this.#indexes.get(index);
    if (!byValue) throw new TypeError(`this informer has no index ${index}`);
    return [...(byValue.get(value)?.values() ?? [])];
  }

  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener);
    for (const object of this.list()) this.#tell(listener, object, undefined);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a whole list as the new truth; says what changed. */
  replaceAll(items: readonly T[]): void {
    const gone = new Set(this.#objects.keys());
    for (const item of items.filter(this.#fits)) {
      gone.delete(keyText(keyOf(item)));
      this.put(withoutManagers(item));
    }
    for (const key of gone) this.#forget(key);
    this.#synced = true;
    this.#ready.resolve();
  }

  put(object: T): void {
    const key = keyText(keyOf(object));
    if (!this.#fits(object)) {
      this.#forget(key);
      return;
    }
    const before = this.#objects.get(key);
    if (before && before.metadata.uid === object.metadata.uid && before.metadata.resourceVersion === object.metadata.resourceVersion)
      return;
    const frozen = deepFreeze(object);
    if (before) this.#reindex(key, before, undefined);
    this.#objects.set(key, frozen);
    this.#reindex(key, undefined, frozen);
    this.#announce(frozen, before);
  }

  remove(key: ObjectKey): void {
    this.#forget(keyText(key));
  }

  #forget(key: string): void {
    const before = this.#objects.get(key);
    if (!before) return;
    this.#objects.delete(key);
    this.#reindex(key, before, undefined);
    this.#announce(undefined, before);
  }

  #reindex(key: string, before: T | undefined, now: T | undefined): void {
    for (const [name, byValue] of this.#indexes) {
      const values = this.#indexOf[name];
      if (!values) continue;
      if (before) for (const value of values(before)) removeFrom(byValue, value, key);
      if (now) for (const value of values(now)) addTo(byValue, { value, key }, now);
    }
  }

  #announce(now: T | undefined, before: T | undefined): void {
    this.#listed = undefined;
    for (const listener of this.#listeners) this.#tell(listener, now, before);
  }

  #tell(listener: Listener<T>, now: T | undefined, before: T | undefined): void {
    try {
      listener(now, before);
    } catch (error) {
      // One listener's fault must not stop the watch that the others live on.
      this.#log.error('A listener of an informer failed', { error: messageOf(error) });
    }
  }
}

/** Keeps a LiveList equal to the server's. */
class Follower<T extends KubeObject> {
  readonly #client: KubeClient;
  readonly #resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #live: LiveList<T>;
  readonly #clock: Clock;
  #resourceVersion: string | undefined;
  #failures = 0;

  constructor(client: KubeClient, resource: Resource<T>, options: InformerOptions<T>, live: LiveList<T>) {
    this.#client = client;
    this.#resource = resource;
    this.#options = options;
    this.#live = live;
    this.#clock = options.clock ?? systemClock;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === undefined) await this.#relist();
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #relist(): Promise<void> {
    const { items, resourceVersion } = await this.#client.list(this.#resource, this.#options);
    this.#live.replaceAll(items);
    this.#resourceVersion = resourceVersion;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const from = this.#resourceVersion;
    const options = from === undefined ? this.#options : { ...this.#options, resourceVersion: from };
    let heard = false;
    for await (const event of this.#client.watch(this.#resource, options, signal)) {
      heard = true;
      this.#failures = 0;
      this.#take(event);
    }
    // A server that closes at once would otherwise be asked again in a tight loop.
    if (!heard) await this.#clock.sleep(BACKOFF.baseMs, signal);
  }

  #take({ type, object }: WatchEvent<T>): void {
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#live.remove(keyOf(object));
    else this.#live.put(object);
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    if (hasCode(error, 'Expired')) {
      this.#resourceVersion = undefined;
      if (this.#failures === 0) {
        this.#failures = 1;
        return;
      }
    }
    const log = this.#options.log ?? silent;
    // An API that restarts is back after a few tries; one that is not is told of once, not at every try of every watch.
    const level = this.#failures === TOLD_AFTER ? 'warn' : 'debug';
    log[level]('A watch was interrupted', { kind: this.#resource.kind, error: messageOf(error), failures: this.#failures });
    const wait = backoffDelay(BACKOFF, this.#failures);
    this.#failures += 1;
    await this.#clock.sleep(wait, signal).catch(() => undefined);
  }
}

function addTo<T>(byValue: Map<string, Map<string, T>>, at: { value: string; key: string }, object: T): void {
  const found = byValue.get(at.value);
  if (found) found.set(at.key, object);
  else byValue.set(at.value, new Map([[at.key, object]]));
}

function removeFrom<T>(byValue: Map<string, Map<string, T>>, value: string, key: string): void {
  const found = byValue.get(value);
  found?.delete(key);
  if (found?.size === 0) byValue.delete(value);
}
