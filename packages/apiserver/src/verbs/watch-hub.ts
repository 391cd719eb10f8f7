import type { Entry, LogEvent } from '@crownlabs/store';
import type { Documents } from '../exchange.ts';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';
import { Objects } from '../storage/objects.ts';

/** Bytes of a watch, and what they say where that is at hand. */
export interface Chunk {
  readonly bytes: Uint8Array;
  readonly documents?: Documents;
}

/** Chunks one behind the other. What they say is put together once, however many ask. */
export function joined(chunks: readonly Chunk[]): Chunk {
  const [only] = chunks;
  const bytes = only && chunks.length === 1 ? only.bytes : Buffer.concat(chunks.map((one) => one.bytes));
  const readers = chunks.flatMap(({ documents }) => documents ?? []);
  if (readers.length < chunks.length) return { bytes };
  let known: readonly unknown[] | undefined;
  return { bytes, documents: () => (known ??= readers.flatMap((read) => read())) };
}

/** A committed change, with what watchers derive from it kept for the next watcher. */
export class SharedEvent {
  readonly event: LogEvent;
  readonly #frames = new Map<string, Chunk>();

  constructor(event: LogEvent) {
    this.event = event;
  }

  /** The frame under `key`, made once. */
  frame(key: string, make: () => Chunk): Chunk {
    let frame = this.#frames.get(key);
    if (!frame) {
      frame = make();
      this.#frames.set(key, frame);
    }
    return frame;
  }
}

/** A commit's changes of one bucket, shared by all who watch it. */
export class SharedBatch {
  readonly events: readonly SharedEvent[];
  readonly #chunks = new Map<string, Chunk>();

  constructor(events: readonly LogEvent[]) {
    this.events = events.map((event) => new SharedEvent(event));
  }

  /** What all watchers of the same view send, put together once. */
  chunk(key: string, make: () => Chunk): Chunk {
    let chunk = this.#chunks.get(key);
    if (!chunk) {
      chunk = make();
      this.#chunks.set(key, chunk);
    }
    return chunk;
  }
}

/** Told of each commit, or that the resource is no longer served. */
export interface HubListener {
  changed(batch: SharedBatch): void;
  gone(): void;
}

/** One subscription to the store for each bucket, however many watch. */
export class WatchHub {
  readonly #objects: Objects;
  readonly #buckets = new Map<string, { listeners: Set<HubListener>; stop: () => void }>();
  readonly #watched = new Map<HubListener, ResourceInfo>();
  readonly #registry: Registry;
  readonly #stop: () => void;

  constructor(objects: Objects, registry: Registry) {
    this.#objects = objects;
    this.#registry = registry;
    this.#stop = registry.onChange(() => this.#endUnserved());
  }

  /** How many watch now. */
  get size(): number {
    return this.#watched.size;
  }

  /** From now on. Returns the way to stop. */
  listen(info: ResourceInfo, listener: HubListener): () => void {
    const bucket = Objects.bucket(info);
    const channel = this.#channel(bucket);
    channel.listeners.add(listener);
    this.#watched.set(listener, info);
    return () => {
      channel.listeners.delete(listener);
      this.#watched.delete(listener);
      if (channel.listeners.size > 0) return;
      channel.stop();
      this.#buckets.delete(bucket);
    };
  }

  #channel(bucket: string): { listeners: Set<HubListener>; stop: () => void } {
    let channel = this.#buckets.get(bucket);
    if (!channel) {
      const listeners = new Set<HubListener>();
      const stop = this.#objects.store.subscribe(bucket, (events) => {
        const batch = new SharedBatch(events);
        for (const listener of listeners) listener.changed(batch);
      });
      channel = { listeners, stop };
      this.#buckets.set(bucket, channel);
    }
    return channel;
  }

  #endUnserved(): void {
    for (const [listener, info] of this.#watched) {
      if (!this.#registry.find(info.group, info.version, info.plural)) listener.gone();
    }
  }

  close(): void {
    this.#stop();
    for (const listener of this.#watched.keys()) listener.gone();
  }
}

/** What an event means to somebody who sees only what `matches`: entering and leaving a selection looks like creation and deletion. */
export function seenAs(
  event: LogEvent,
  matches: (entry: Entry) => boolean,
): { type: 'ADDED' | 'MODIFIED' | 'DELETED'; left: boolean } | undefined {
  const before = event.previous !== undefined && matches(event.previous);
  const now = !event.deleted && matches(event.entry);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', left: false };
  return before ? { type: 'DELETED', left: !event.deleted } : undefined;
}
