import { LabError, messageOf } from '@crownlabs/std';
import type { Database, Row } from './database.ts';
import type { Durability } from './durability.ts';
import type { Entry } from './entry.ts';

/** A row on its way to the disk, and who waits for it. */
export interface Write {
  readonly row: Row;
  readonly previous: Entry | undefined;
  readonly done: (entry: Entry) => void;
  readonly failed: (error: unknown) => void;
}

/** Told, in order, how batches ended. */
export interface CommitListener {
  /** They are on disk; whoever waits for them is told afterwards. */
  published(writes: readonly Write[]): void;
  /** They never happened, nor did any after them. */
  refused(): void;
}

/** Writes that share a transaction. */
class Batch {
  readonly writes: Write[] = [];
  /** Resolves when they are on disk, or refused. */
  readonly settled: Promise<void>;
  settle: () => void = () => undefined;

  constructor() {
    this.settled = new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/**
 * One transaction for all writes of a turn of the event loop, or of as many turns as the disk took for the transaction before.
 * While one is on its way to the disk nothing else is committed, but the loop goes on.
 */
export class GroupCommit {
  readonly #db: Database;
  readonly #listener: CommitListener;
  readonly #staged = new Map<string, Batch>();
  #pending: Batch | undefined;
  #busy: Promise<void> | undefined;
  // A disk that failed once is not believed again: what it holds is known only after a restart.
  #failure: Error | undefined;
  // Why the last batch was refused; undefined when it was not.
  #refused: unknown;

  constructor(db: Database, listener: CommitListener) {
    this.#db = db;
    this.#listener = listener;
  }

  /** When the write of this key that is on its way will have arrived. */
  ahead(key: string): Promise<void> | undefined {
    return this.#staged.get(key)?.settled;
  }

  /** Throws when nothing can be written any more. */
  demandSound(): void {
    if (this.#failure) throw refusal(this.#failure);
  }

  /** Throws when the last batch was refused, and a write of nothing in particular is refused still. */
  demandWritable(): void {
    this.demandSound();
    if (this.#refused === undefined) return;
    if (this.#busy) throw refusal(this.#refused);
    try {
      this.#db.transaction(() => this.#db.setFact('tried', (this.#db.fact('tried') ?? 0) + 1));
    } catch (error) {
      throw refusal(error);
    }
    this.#refused = undefined;
  }

  add(write: Write): void {
    const batch = this.#pending ?? this.#begin();
    batch.writes.push(write);
    this.#staged.set(keyOf(write), batch);
  }

  /** Resolves when everything that was added before is on disk, or refused. */
  async settled(): Promise<void> {
    // Batches settle in order.
    await (this.#pending?.settled ?? this.#busy);
  }

  /** Does something else with the database, while nobody commits: writes wait, the event loop does not. */
  async alone(work: () => void | Promise<void>): Promise<void> {
    while (this.#busy) await this.#busy;
    await this.#hold(this.#undisturbed(work));
  }

  async #undisturbed(work: () => void | Promise<void>): Promise<void> {
    await work();
    const { durability } = this.#db;
    if (durability?.checkpointDue) await checkpoint(durability);
  }

  #begin(): Batch {
    const batch = new Batch();
    this.#pending = batch;
    if (!this.#busy) setImmediate(() => this.#flush(batch));
    return batch;
  }

  #flush(batch: Batch): void {
    // Whoever is alone now sees to it when he is done.
    if (this.#busy || this.#pending !== batch) return;
    this.#pending = undefined;
    try {
      this.demandSound();
      this.#db.transaction(() => {
        for (const { row } of batch.writes) this.#db.insert(row);
      });
    } catch (error) {
      this.#refuse(batch, error);
      return;
    }
    const { durability } = this.#db;
    if (durability) void this.#hold(this.#finish(batch, durability));
    else this.#publish(batch);
  }

  /** Lets nobody commit until `work` is done, however it ends. */
  #hold(work: Promise<void>): Promise<void> {
    const release = () => {
      this.#busy = undefined;
      const next = this.#pending;
      // Answers to what was just published go out first, and their clients' next requests come in.
      if (next) setImmediate(() => this.#flush(next));
    };
    this.#busy = work.then(release, release);
    return work;
  }

  async #finish(batch: Batch, durability: Durability): Promise<void> {
    try {
      await durability.synced();
    } catch (error) {
      this.#failure = new Error(`${messageOf(error)}; the disk failed, and what it holds is known only after a restart`, { cause: error });
      this.#refuse(batch, this.#failure);
      return;
    }
    this.#publish(batch);
    if (durability.checkpointDue) await checkpoint(durability);
  }

  #publish(batch: Batch): void {
    this.#refused = undefined;
    this.#unstage(batch);
    this.#listener.published(batch.writes);
    batch.settle();
  }

  #refuse(batch: Batch, why: unknown): void {
    this.#refused = why;
    this.#unstage(batch);
    this.#listener.refused();
    const error = refusal(why);
    for (const { failed } of batch.writes) failed(error);
    batch.settle();
  }

  #unstage({ writes }: Batch): void {
    for (const write of writes) this.#staged.delete(keyOf(write));
  }
}

function keyOf({ row: { entry } }: Write): string {
  return `${entry.bucket}/${entry.name}`;
}

async function checkpoint(durability: Durability): Promise<void> {
  try {
    await durability.synced();
    await durability.checkpoint();
  } catch {
    // The log stays as long as it is. When there is no room for more of it, writes are refused, and say so.
  }
}

function refusal(error: unknown): LabError {
  if (error instanceof LabError) return error;
  const why = messageOf(error);
  const advice = /full/i.test(why) ? '. Free space on it and try again; what was acknowledged before is kept.' : '';
  return new LabError('ServiceUnavailable', `The write could not be made durable: ${why}${advice}`, { cause: error });
}
