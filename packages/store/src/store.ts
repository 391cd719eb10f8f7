import { type Clock, hasCode, LabError, messageOf, systemClock } from '@crownlabs/std';
import { Bucket } from './bucket.ts';
import { Ages, type Retention } from './compaction.ts';
import { Database, type Row, unusable } from './database.ts';
import type { Change, Entry, LogEvent, Page, Range } from './entry.ts';
import { GroupCommit, type Write } from './group-commit.ts';
import type { SealOptions } from './seal.ts';

/** Told of each commit that touched its bucket, in order, right after the commit. Must not throw. */
export type LogListener = (events: readonly LogEvent[]) => void;

/**
 * The revisioned log. Living keys are held in memory, so reads are synchronous; a write resolves once it is on disk.
 * Writes of one turn of the event loop share a transaction. Nothing is visible before it is durable.
 */
export interface Store extends AsyncDisposable {
  /** The last committed revision. */
  readonly revision: number;
  /** History at or below this revision is gone. */
  readonly compacted: number;
  get(bucket: string, name: string): Entry | undefined;
  /** What is there now. */
  list(bucket: string, range?: Range): Page;
  /** What was there at `revision`. Throws Expired when that is forgotten. */
  listAt(bucket: string, revision: number, range?: Range): Page;
  count(bucket: string): number;
  /** Names of the buckets that hold anything. */
  buckets(): string[];
  /** Changes of a bucket after `revision`, oldest first, read before it returns. Throws Expired when they are forgotten. */
  since(bucket: string, revision: number): LogEvent[];
  /** Hands every later commit to `listener`; returns the way to stop. Subscribe first, then read `since`. */
  subscribe(bucket: string, listener: LogListener): () => void;
  /** Throws Conflict when the key is not at the expected revision, once the state that is there can be read. */
  write(change: Change): Promise<Entry>;
  /** Resolves when everything accepted so far is committed. */
  settled(): Promise<void>;
  /** Throws ServiceUnavailable when nothing can be written: the last write failed, and a small one fails still. */
  demandWritable(): void;
  /** Forgets history up to `revision`, in small steps. */
  compact(revision: number): Promise<void>;
  /** A consistent copy of the database, while it runs. */
  backup(path: string): Promise<void>;
}

/** Where and how a store keeps its log. */
export interface StoreOptions {
  /** Absent: in memory, gone with the process. */
  readonly directory?: string;
  readonly seal?: SealOptions;
  readonly clock?: Clock;
  readonly retention?: Retention;
  /** After a restore or a repair: revisions jump, so that nobody resumes from a future that never was. */
  readonly newEpoch?: boolean;
}

const EPOCH = 2 ** 32;
const RETENTION: Retention = { forMs: 10 * 60_000, revisions: 100_000 };
const COMPACT_EVERY_MS = 30_000;
const STEP_ROWS = 250;

/** Opens the log of a data directory, which has one owner at a time. */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const database = new Database(options.directory, options.seal);
  try {
    const store = new LogStore(database, options);
    // A new epoch must not be forgotten once somebody heard of it.
    await database.durability?.synced();
    return store;
  } catch (error) {
    database.close();
    throw unusable(options.directory, error);
  }
}

class LogStore implements Store {
  readonly #db: Database;
  readonly #ages: Ages;
  readonly #buckets = new Map<string, Bucket>();
  readonly #listeners = new Map<string, Set<LogListener>>();
  // A key that is made again replaces its tombstone, as long as that is on disk: (key, previous) stays unique.
  readonly #tombstones = new Map<string, number>();
  readonly #commits: GroupCommit;
  readonly #timer: NodeJS.Timeout;
  #committed: number;
  #next: number;
  #compacted: number;
  #swept = 0;
  #closed = false;

  constructor(db: Database, options: StoreOptions) {
    this.#db = db;
    this.#ages = new Ages(options.clock ?? systemClock, options.retention ?? RETENTION);
    let epoch = db.fact('epoch') ?? 0;
    this.#compacted = db.fact('compacted') ?? 0;
    this.#committed = Math.max(db.lastRevision(), this.#compacted, epoch * EPOCH);
    if (options.newEpoch) {
      epoch = Math.max(epoch, Math.floor(this.#committed / EPOCH)) + 1;
      this.#committed = epoch * EPOCH;
      this.#compacted = this.#committed;
      db.transaction(() => {
        db.setFact('epoch', epoch);
        db.setFact('compacted', this.#compacted);
      });
    }
    this.#next = this.#committed;
    this.#commits = new GroupCommit(db, {
      published: (writes) => this.#publish(writes),
      refused: () => {
        this.#next = this.#committed;
      },
    });
    for (const row of db.latest()) this.#load(row);
    this.#ages.mark(this.#committed);
    this.#timer = setInterval(() => this.#compactByAge(), COMPACT_EVERY_MS).unref();
  }

  get revision(): number {
    return this.#committed;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get(bucket: string, name: string): Entry | undefined {
    return this.#buckets.get(bucket)?.get(name);
  }

  list(bucket: string, range: Range = {}): Page {
    return this.#buckets.get(bucket)?.page(range) ?? { entries: [], remaining: 0 };
  }

  listAt(bucket: string, revision: number, range: Range = {}): Page {
    if (revision >= (this.#buckets.get(bucket)?.lastRevision ?? 0)) return this.list(bucket, range);
    this.#demandKnown(revision);
    return rewind(
      this.list(bucket, { ...range, limit: Number.MAX_SAFE_INTEGER }).entries,
      this.#db.undone(bucket, revision, this.#committed),
      range,
    );
  }

  count(bucket: string): number {
    return this.#buckets.get(bucket)?.size ?? 0;
  }

  buckets(): string[] {
    return [...this.#buckets].filter(([, bucket]) => bucket.size > 0).map(([name]) => name);
  }

  since(bucket: string, revision: number): LogEvent[] {
    this.#demandKnown(revision);
    if (revision >= (this.#buckets.get(bucket)?.lastRevision ?? 0)) return [];
    const events: LogEvent[] = [];
    for (const { entry, deleted, before } of this.#db.since(bucket, revision, this.#committed)) {
      events.push({ revision: entry.revision, deleted, entry: this.#shared(entry), previous: before && this.#shared(before) });
    }
    return events;
  }

  /** The entry in memory where it is the same one: its bytes and decoded form are shared. */
  #shared(read: Entry): Entry {
    const living = this.get(read.bucket, read.name);
    return living?.revision === read.revision ? living : read;
  }

  subscribe(bucket: string, listener: LogListener): () => void {
    let listeners = this.#listeners.get(bucket);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(bucket, listeners);
    }
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  async write(change: Change): Promise<Entry> {
    const { bucket, name, expected, deleted = false } = change;
    const key = `${bucket}/${name}`;
    const current = this.get(bucket, name);
    const ahead = this.#commits.ahead(key);
    if (ahead) {
      // Somebody was faster; wait until the caller can see what he wrote.
      await ahead;
      throw changed(key);
    }
    if ((current?.revision ?? 0) !== expected) throw changed(key);
    if (this.#closed) throw new LabError('ServiceUnavailable', 'The store is closed');
    this.#commits.demandSound();
    const revision = this.#next + 1;
    const { bytes, decoded } = change.encode(revision);
    this.#next = revision;
    const entry: Entry = { bucket, name, revision, bytes, decoded };
    const previous = current?.revision ?? this.#tombstones.get(key) ?? 0;
    return new Promise((done, failed) => {
      this.#commits.add({ row: { entry, previous, deleted }, previous: current, done, failed });
    });
  }

  settled(): Promise<void> {
    return this.#commits.settled();
  }

  demandWritable(): void {
    if (this.#closed) throw new LabError('ServiceUnavailable', 'The store is closed');
    this.#commits.demandWritable();
  }

  #publish(writes: readonly Write[]): void {
    const byBucket = new Map<string, LogEvent[]>();
    for (const { row, previous } of writes) {
      this.#apply(row);
      const event = { revision: row.entry.revision, deleted: row.deleted, entry: row.entry, previous };
      const events = byBucket.get(row.entry.bucket);
      if (events) events.push(event);
      else byBucket.set(row.entry.bucket, [event]);
    }
    this.#committed = writes.at(-1)?.row.entry.revision ?? this.#committed;
    for (const { row, done } of writes) done(row.entry);
    for (const [bucket, events] of byBucket) for (const listener of this.#listeners.get(bucket) ?? []) listener(events);
  }

  #load(row: Row): void {
    if (row.deleted) this.#tombstones.set(`${row.entry.bucket}/${row.entry.name}`, row.entry.revision);
    this.#apply(row);
  }

  #apply({ entry, deleted }: Row): void {
    let bucket = this.#buckets.get(entry.bucket);
    if (!bucket) {
      bucket = new Bucket();
      this.#buckets.set(entry.bucket, bucket);
    }
    bucket.lastRevision = Math.max(bucket.lastRevision, entry.revision);
    const key = `${entry.bucket}/${entry.name}`;
    if (deleted) {
      bucket.delete(entry.name);
      this.#tombstones.set(key, entry.revision);
    } else {
      bucket.set(entry);
      this.#tombstones.delete(key);
    }
  }

  #demandKnown(revision: number): void {
    if (revision < this.#compacted) {
      throw new LabError('Expired', `too old resource version: ${revision} (${this.#compacted})`);
    }
  }

  #compactByAge(): void {
    const target = this.#ages.expired(this.#committed);
    this.#ages.mark(this.#committed);
    this.compact(target).catch((error: unknown) => {
      // The next round tries again; a closed database is no failure.
      if (!this.#closed && !hasCode(error, 'ServiceUnavailable')) throw error;
    });
  }

  async compact(revision: number): Promise<void> {
    const target = Math.min(revision, this.#committed);
    try {
      // Before anything goes, or a restart would promise history that is gone.
      await this.#commits.alone(() => this.#forget(target));
      while (this.#swept < this.#compacted && !this.#closed) {
        await this.#commits.alone(() => this.#sweep());
        // Let writes and reads pass between two steps.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      throw new LabError('ServiceUnavailable', `History could not be forgotten: ${messageOf(error)}`, { cause: error });
    }
  }

  #forget(target: number): void {
    if (target <= this.#compacted) return;
    this.#db.setFact('compacted', target);
    this.#compacted = target;
  }

  #sweep(): void {
    if (this.#closed) return;
    const { reached, tombstones } = this.#db.sweep(this.#swept, this.#compacted, STEP_ROWS);
    for (const key of tombstones) if ((this.#tombstones.get(key) ?? Infinity) <= reached) this.#tombstones.delete(key);
    this.#swept = reached;
    this.#db.shrink(STEP_ROWS);
  }

  async backup(path: string): Promise<void> {
    // A commit in the middle of it would make it fail.
    await this.#commits.alone(() => this.#db.backup(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.settled();
    await this.#commits.alone(() => this.#db.close());
  }
}

/** What `living` was before the changes that `then` undoes. */
function rewind(living: readonly Entry[], then: ReadonlyMap<string, Entry | undefined>, { prefix = '', after, limit }: Range): Page {
  const entries = living.filter((one) => !then.has(one.name));
  for (const [name, entry] of then) {
    if (entry && name.startsWith(prefix) && (after === undefined || name > after)) entries.push(entry);
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const end = Math.min(entries.length, limit ?? entries.length);
  return { entries: entries.slice(0, end), remaining: entries.length - end };
}

function changed(key: string): LabError {
  return new LabError('Conflict', `${key} has changed since it was read`);
}
