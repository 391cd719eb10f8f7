import { hasCode } from '@crownlabs/std';
import type { Entry, LogEvent } from '@crownlabs/store';
import type { Sink, StreamAnswer } from '../exchange.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { StatusError, toStatus } from '../status-error.ts';
import { Objects } from '../storage/objects.ts';
import { nextTurn, overdue } from '../turn.ts';
import { includeObject } from './answer.ts';
import { type ListOptions, readListOptions } from './list-options.ts';
import { reached, UNSEEN_REVISION } from './revision.ts';
import { accepted } from './view.ts';
import { WatchView } from './watch-frames.ts';
import { type Chunk, type HubListener, joined, SharedBatch, type SharedEvent, seenAs, type WatchHub } from './watch-hub.ts';

const BOOKMARK_EVERY_MS = 60_000;
const BOOKMARK_BEFORE_END_MS = 2_000;
const SHORTEST_MS = 30 * 60_000;
// A reader who lets this much pile up is cut off; he may resume from what he has.
const MOST_QUEUED_BYTES = 32 * 1024 * 1024;

/** GET of a collection with `watch`. */
export function watchVerb(hub: WatchHub): Verb {
  return async (api, call) => {
    const view = accepted(call, false, true);
    const options = readListOptions(call, true);
    if (options.sendInitialEvents && Number(options.resourceVersion) > 0) {
      await reached(api, Number(options.resourceVersion), call.incoming.signal);
    }
    const watchView = new WatchView(api.objects, call.info, view, includeObject(call));
    const answer: StreamAnswer = {
      status: 200,
      headers: { 'content-type': watchView.contentType },
      stream: (sink) => new Watcher({ api, hub, call, options, view: watchView, sink }).run(),
    };
    return answer;
  };
}

interface WatcherParts {
  readonly api: Api;
  readonly hub: WatchHub;
  readonly call: ResourceCall;
  readonly options: ListOptions;
  readonly view: WatchView;
  readonly sink: Sink;
}

/** One watch: what is there or was missed first, then every commit as it happens. */
class Watcher implements HubListener {
  readonly #parts: WatcherParts;
  #info: ResourceCall['info'];
  readonly #prefix: string;
  readonly #matches: ((entry: Entry) => boolean) | undefined;
  // Watchers with the same key are sent the same bytes.
  readonly #key: string;
  readonly #timers: NodeJS.Timeout[] = [];
  #stop: () => void = () => undefined;
  #end: () => void = () => undefined;
  // Commits up to here are already known to the client.
  #from = 0;
  // Commits that came while the beginning is being sent.
  #waiting: SharedBatch[] | undefined;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    const { call, options, view } = parts;
    this.#info = call.info;
    this.#key = `${view.key} ${options.selection.key}`;
    this.#prefix = options.selection.namespace === '' ? '' : `${options.selection.namespace}/`;
    const { matches } = options.selection;
    this.#matches = matches && ((entry) => matches(this.#read(entry)));
  }

  #read(entry: Entry) {
    return this.#parts.api.objects.read(this.#info, entry).object;
  }

  /** Runs until the client goes, the time is over, or the watch cannot go on. */
  run(): Promise<void> {
    const { hub, call, sink } = this.#parts;
    const ended = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    // Subscribed before anything is read; nothing can happen in between, because reading waits for nothing.
    this.#stop = hub.listen(this.#info, this);
    call.incoming.signal.addEventListener('abort', () => this.gone(), { once: true });
    this.#begin().catch((error: unknown) => {
      sink.write(this.#parts.view.failure(toStatus(error)));
      this.gone();
    });
    if (call.incoming.signal.aborted) this.gone();
    return ended;
  }

  async #begin(): Promise<void> {
    this.#schedule();
    const { api, options } = this.#parts;
    const { store } = api.objects;
    const revision = Number(options.resourceVersion);
    const initial = options.sendInitialEvents ?? revision === 0;
    if (initial) {
      this.#from = store.revision;
      this.#waiting = [];
      await this.#sendCurrent();
      if (options.sendInitialEvents && options.bookmarks) this.#write(this.#parts.view.bookmark(this.#info, this.#from, true));
      // What was committed while the beginning was sent comes after it.
      const waiting = this.#waiting;
      this.#waiting = undefined;
      for (const batch of waiting) this.#deliver(batch);
      return;
    }
    // A revision that was not reached yet is waited for in silence.
    this.#from = revision === 0 ? store.revision : revision;
    if (revision === 0) return;
    const missed = this.#missed(revision);
    if (missed.length > 0) this.#deliver(new SharedBatch(missed));
  }

  #missed(revision: number): LogEvent[] {
    const { store } = this.#parts.api.objects;
    const { servedSince = 0 } = this.#info;
    if (revision < servedSince || revision === UNSEEN_REVISION)
      throw new StatusError('Expired', `too old resource version: ${revision} (${servedSince || store.compacted})`);
    try {
      return store.since(Objects.bucket(this.#info), revision);
    } catch (error) {
      if (hasCode(error, 'Expired')) throw new StatusError('Expired', `too old resource version: ${revision} (${store.compacted})`);
      throw error;
    }
  }

  /** What is there, as a snapshot that is read in short turns. */
  async #sendCurrent(): Promise<void> {
    const { api, view } = this.#parts;
    const { entries } = api.objects.store.list(Objects.bucket(this.#info), { prefix: this.#prefix });
    const now = api.clock.now();
    let frames: Chunk[] = [];
    for (const entry of entries) {
      if (this.#matches?.(entry) ?? true) frames.push(view.encode(this.#info, 'ADDED', entry, { now }));
      if (!overdue()) continue;
      this.#send(joined(frames));
      frames = [];
      await nextTurn();
    }
    this.#send(joined(frames));
  }

  #schedule(): void {
    const { options, sink } = this.#parts;
    const { timeoutSeconds } = options;
    // Less than no time is over at once.
    const ms = timeoutSeconds ? Math.max(0, timeoutSeconds * 1000) : SHORTEST_MS * (1 + Math.random());
    this.#timers.push(setTimeout(() => this.gone(), ms));
    if (!options.bookmarks) return;
    // Never ahead of events that still wait.
    const bookmark = () => sink.queued === 0 && this.#waiting === undefined && this.#bookmark();
    this.#timers.push(setInterval(bookmark, BOOKMARK_EVERY_MS));
    if (ms > BOOKMARK_BEFORE_END_MS) this.#timers.push(setTimeout(bookmark, ms - BOOKMARK_BEFORE_END_MS));
  }

  #bookmark(): void {
    const revision = Math.max(this.#from, this.#parts.api.objects.store.revision);
    this.#write(this.#parts.view.bookmark(this.#info, revision, false));
  }

  changed(batch: SharedBatch): void {
    // A CRD may have changed since: its objects are shown by what it says now.
    const { group, version, plural } = this.#info;
    this.#info = this.#parts.api.registry.find(group, version, plural) ?? this.#info;
    if (this.#waiting) this.#waiting.push(batch);
    else this.#deliver(batch);
    if (this.#parts.sink.queued > MOST_QUEUED_BYTES) {
      this.#write(this.#parts.view.failure(toStatus(new StatusError('Expired', 'the watcher did not keep up and was cut off'))));
      this.gone();
    }
  }

  #deliver(batch: SharedBatch): void {
    const { view } = this.#parts;
    const whole = view.shared && this.#from < (batch.events[0]?.event.revision ?? 0);
    const chunk = whole ? batch.chunk(this.#key, () => this.#frames(batch.events)) : this.#frames(batch.events);
    this.#send(chunk);
  }

  #frames(events: readonly SharedEvent[]): Chunk {
    const frames: Chunk[] = [];
    for (const shared of events) {
      const one = this.#frame(shared);
      if (one) frames.push(one);
    }
    return joined(frames);
  }

  #frame(shared: SharedEvent): Chunk | undefined {
    const { event } = shared;
    if (event.revision <= this.#from) return undefined;
    if (!event.entry.name.startsWith(this.#prefix)) return undefined;
    const seen = seenAs(event, this.#matches ?? (() => true));
    if (!seen) return undefined;
    const { view, api } = this.#parts;
    // What left the selection is shown as it was, with the revision of the change that took it away.
    const entry = seen.left && event.previous ? event.previous : event.entry;
    const options = { now: api.clock.now(), ...(seen.left ? { revision: event.revision } : {}) };
    const make = () => view.encode(this.#info, seen.type, entry, options);
    return view.shared ? shared.frame(`${view.key} ${seen.type} ${seen.left}`, make) : make();
  }

  #send({ bytes, documents }: Chunk): void {
    if (bytes.length > 0) this.#parts.sink.write(bytes, documents);
  }

  #write(bytes: Uint8Array): void {
    this.#parts.sink.write(bytes);
  }

  gone(): void {
    this.#stop();
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#parts.sink.end();
    this.#end();
  }
}
