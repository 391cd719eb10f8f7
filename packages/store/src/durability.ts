import { closeSync, fdatasync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);
const CHECKPOINT_PAGES = 4000;

/**
 * Brings commits to the disk while the event loop goes on. SQLite would wait for the disk within COMMIT, and everybody with it; here
 * it only writes, and what it left to the kernel is synced on another thread, before anybody is told. docs/adr/0008 says why that is
 * as safe.
 */
export class Durability {
  readonly #db: DatabaseSync;
  readonly #frames: StatementSync;
  // Closed after the database: POSIX drops all locks of a file when a process closes any descriptor of it.
  readonly #files: { readonly database: number; readonly log: number };

  /** Of an open database in WAL mode, whose lock this process holds. */
  constructor(db: DatabaseSync, directory: string) {
    this.#db = db;
    // What was written while it opened is on disk already; from here on, commits are synced by whoever acknowledges them.
    db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;');
    this.#frames = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    const database = openSync(join(directory, 'log.db'), 'r+');
    this.#files = { database, log: openSync(join(directory, 'log.db-wal'), 'r+') };
  }

  /** Resolves when everything that was committed before is on disk. */
  async synced(): Promise<void> {
    await sync(this.#files.log);
  }

  /** Whether the log beside the database holds so much that it should be moved there. */
  get checkpointDue(): boolean {
    if (!this.#db.isOpen) return false;
    const { log, checkpointed } = this.#frames.get() ?? {};
    return Number(log) - Number(checkpointed) >= CHECKPOINT_PAGES;
  }

  /**
   * Moves what is in the log into the database, so that the log begins anew with the next commit. Everything in it must be synced,
   * and nothing may be committed until this resolves: the log is what a power cut would be repaired from.
   */
  async checkpoint(): Promise<void> {
    try {
      this.#db.exec('PRAGMA synchronous = OFF; PRAGMA wal_checkpoint(PASSIVE);');
    } finally {
      this.#db.exec('PRAGMA synchronous = NORMAL');
    }
    await sync(this.#files.database);
  }

  /** After the database was closed. */
  close(): void {
    closeSync(this.#files.log);
    closeSync(this.#files.database);
  }
}
