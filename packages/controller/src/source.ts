import { type Informer, type KubeObject, keyOf, type ObjectKey } from '@crownlabs/client';

/** Queues a key; `first` before all others, for what is nearly done. */
type Enqueue = (key: ObjectKey, first?: boolean) => void;

/** Where the keys of a controller come from. */
export interface Source {
  /** Resolves when the objects behind the source are known: no worker starts before. */
  synced(signal: AbortSignal): Promise<void>;
  /** Hands keys to `enqueue` from now on; returns the way to stop. */
  start(enqueue: Enqueue): () => void;
}

/** Whether a change matters. `before` is absent for a new object, `now` for a deleted one. */
export type Predicate<T> = (now: T | undefined, before: T | undefined) => boolean;

/** How the changes of a kind become keys. */
export interface WatchedOptions<T> {
  readonly when?: Predicate<T>;
  /** Keys that a changed object concerns; the object's own by default. */
  readonly keys?: (object: T) => readonly ObjectKey[];
  /** Whether these keys go before those of other sources: what is nearly done is finished before something else is begun. */
  readonly first?: boolean;
}

/** A source over an informer. The keys of an object before and after a change are both queued, so that what it left is seen too. */
export function watched<T extends KubeObject>(informer: Informer<T>, { when, keys, first = false }: WatchedOptions<T> = {}): Source {
  const keysOf = keys ?? ((object: T) => [keyOf(object)]);
  return {
    synced: (signal) => informer.synced(signal),
    start: (enqueue) =>
      informer.onChange((now, before) => {
        if (when && !when(now, before)) return;
        if (before && keys) for (const key of keysOf(before)) enqueue(key, first);
        const object = now ?? before;
        if (object) for (const key of keysOf(object)) enqueue(key, first);
      }),
  };
}

/** A source of children: a change of one concerns its controller, if that is of `kind`. */
export function ownedByKind<T extends KubeObject>(
  informer: Informer<T>,
  owner: { kind: string; namespaced: boolean },
  when?: Predicate<T>,
): Source {
  const keys = ({ metadata: { ownerReferences, namespace } }: T): ObjectKey[] => {
    const reference = ownerReferences?.find((it) => it.controller === true && it.kind === owner.kind);
    if (!reference) return [];
    return [owner.namespaced && namespace !== undefined ? { namespace, name: reference.name } : { name: reference.name }];
  };
  return watched(informer, when ? { when, keys } : { keys });
}

/** True when the part that people write changed, or the object came or went: what a status write changes does not count. */
export function specChanged<T extends KubeObject>(now: T | undefined, before: T | undefined): boolean {
  if (!now || !before) return true;
  const { metadata: a } = now;
  const { metadata: b } = before;
  if (a.generation !== b.generation || a.deletionTimestamp !== b.deletionTimestamp || a.uid !== b.uid) return true;
  return (['labels', 'annotations', 'finalizers'] as const).some((part) => JSON.stringify(a[part]) !== JSON.stringify(b[part]));
}

/** A source fed by hand, for what is no object: a timer, a directory, a message. */
export function manualSource(): Source & { enqueue(key: ObjectKey): void } {
  const sinks = new Set<(key: ObjectKey) => void>();
  return {
    synced: async () => undefined,
    start(enqueue) {
      sinks.add(enqueue);
      return () => sinks.delete(enqueue);
    },
    enqueue(key) {
      for (const sink of sinks) sink(key);
    },
  };
}
