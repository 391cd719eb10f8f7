import { customResourceDefinitions, informer, type KubeClient, type KubeObject, type WatchEvent } from '@crownlabs/client';
import { backoffDelay, type Clock, hasCode, type Logger, messageOf } from '@crownlabs/std';
import { discover, type ServedResource } from './discovery.ts';
import { ObjectGraph } from './object-graph.ts';

/** The metadata of everything that the API serves, kept up to date while kinds come and go. */
export interface World {
  readonly graph: ObjectGraph;
  /** Resources that the API serves now. */
  resources(): readonly ServedResource[];
  /** Resolves when everything that was served at the start has been read. */
  synced(): Promise<void>;
  /** Called when a kind was added and its objects are known, or when it went. */
  onResources(listener: () => void): void;
}

// Events own nothing, are owned by nobody, and are many.
const IGNORED = new Set(['events']);
const BACKOFF = { baseMs: 100, capMs: 30_000 };
const RETRY_MS = 50;

/** Watches the world until `signal` aborts. */
export function watchWorld(client: KubeClient, { clock, log }: { clock: Clock; log: Logger }, signal: AbortSignal): World {
  const world = new Watcher({ client, clock, log, signal });
  const crds = informer(client, customResourceDefinitions, { clock, log }, signal);
  crds.onChange(() => world.refresh());
  world.refresh();
  return world;
}

interface Means {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

class Watcher implements World {
  readonly graph = new ObjectGraph();
  readonly #means: Means;
  readonly #followed = new Map<string, { stop: AbortController; listed: Promise<void> }>();
  readonly #listeners = new Set<() => void>();
  readonly #first = Promise.withResolvers<void>();
  #served: readonly ServedResource[] = [];
  #refreshing = false;
  #again = false;

  constructor(means: Means) {
    this.#means = means;
  }

  resources(): readonly ServedResource[] {
    return this.#served;
  }

  synced(): Promise<void> {
    return this.#first.promise;
  }

  onResources(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Asks again what is served; calls during an answer lead to one more question. */
  refresh(): void {
    this.#again = true;
    if (!this.#refreshing) void this.#run();
  }

  async #run(): Promise<void> {
    this.#refreshing = true;
    const { client, log, clock, signal } = this.#means;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        this.#follow(await discover(client));
      } catch (error) {
        log.warn('Discovery failed and is tried again', { error: messageOf(error) });
        this.#again = true;
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
    this.#refreshing = false;
  }

  #follow(served: readonly ServedResource[]): void {
    this.#served = served;
    const watched = served.filter(
      ({ verbs, plural }) => ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb)) && !IGNORED.has(plural),
    );
    const wanted = new Map(watched.map((resource) => [`${resource.plural}.${resource.group}/${resource.version}`, resource]));
    for (const [key, { stop }] of this.#followed) {
      if (wanted.has(key)) continue;
      stop.abort();
      this.#followed.delete(key);
    }
    for (const [key, resource] of wanted) if (!this.#followed.has(key)) this.#start(key, resource);
    const listed = Promise.all([...this.#followed.values()].map((one) => one.listed));
    void listed.then(() => {
      this.#first.resolve();
      for (const listener of this.#listeners) listener();
    });
  }

  #start(key: string, resource: ServedResource): void {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#means.signal, stop.signal]);
    const listed = Promise.withResolvers<void>();
    this.#followed.set(key, { stop, listed: listed.promise });
    void followResource({ ...this.#means, signal }, this.graph, resource, listed.resolve).finally(() => {
      // A kind that is no longer served has no objects.
      if (!this.#means.signal.aborted) this.graph.keepOnly(resource, new Set());
      listed.resolve();
    });
  }
}

/** Lists and watches one resource until the signal aborts; only metadata is kept. */
async function followResource(
  { client, clock, log, signal }: Means,
  graph: ObjectGraph,
  resource: ServedResource,
  listed: () => void,
): Promise<void> {
  let from: string | undefined;
  for (let failures = 0; !signal.aborted; ) {
    try {
      if (from === undefined) {
        from = await readAll(client, graph, resource);
        listed();
      }
      for await (const event of client.watch(resource, { resourceVersion: from }, signal)) {
        failures = 0;
        from = event.object.metadata.resourceVersion ?? from;
        take(graph, resource, event);
      }
    } catch (error) {
      if (signal.aborted) return;
      // Not served (yet, or no more): discovery says which.
      if (hasCode(error, 'Expired', 'NotFound')) from = undefined;
      // A kind that is being taken away fails once or twice before discovery says so.
      else if (failures > 2) log.warn('A watch of metadata was interrupted', { kind: resource.kind, error: messageOf(error), failures });
      await clock.sleep(backoffDelay(BACKOFF, failures), signal).catch(() => undefined);
      failures += 1;
    }
  }
}

async function readAll(client: KubeClient, graph: ObjectGraph, resource: ServedResource): Promise<string> {
  const { items, resourceVersion } = await client.list(resource);
  for (const { metadata } of items) graph.put(resource, metadata);
  graph.keepOnly(resource, new Set(items.map(({ metadata }) => metadata.uid ?? '')));
  return resourceVersion;
}

function take(graph: ObjectGraph, resource: ServedResource, { type, object: { metadata } }: WatchEvent<KubeObject>): void {
  if (type === 'BOOKMARK') return;
  if (type === 'DELETED') graph.remove(metadata.uid ?? '');
  else graph.put(resource, metadata);
}
