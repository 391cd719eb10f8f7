import { DatabaseSync } from 'node:sqlite';
import { type Clock, LabError } from '@crownlabs/std';

/** A kept value and the version it was read at. */
export interface Kept {
  readonly value: Uint8Array;
  readonly version: number;
}

/** How a value is written. */
export interface Keep {
  /** The version to replace; absent: it must not be there yet. */
  readonly expected?: number;
  readonly expiresAt: number;
  /** Whose end is this one's end as well. */
  readonly parent?: string;
}

/** Where sealed sessions lie: a file on a single machine, Secrets in a cluster. It sees hashed names and sealed bytes only. */
export interface SessionStore {
  read(id: string): Promise<Kept | undefined>;
  /** Throws Conflict when it is not at the expected version. Answers with the new version. */
  write(id: string, value: Uint8Array, keep: Keep): Promise<number>;
  /** Removes it and what has it as parent. */
  remove(id: string): Promise<void>;
}

const SWEEP_EVERY_MS = 5 * 60_000;

/** Sessions in a SQLite file under the edge's own folder (`:memory:` in tests). */
export class FileSessionStore implements SessionStore, Disposable {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  #sweptAt = 0;

  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#db = new DatabaseSync(path);
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;
      CREATE TABLE IF NOT EXISTS sessions (
        id TEXT PRIMARY KEY, value BLOB NOT NULL, version INTEGER NOT NULL, expires_at INTEGER NOT NULL, parent TEXT
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS sessions_by_parent ON sessions (parent) WHERE parent IS NOT NULL;`);
  }

  async read(id: string): Promise<Kept | undefined> {
    const row = this.#db.prepare('SELECT value, version FROM sessions WHERE id = ? AND expires_at > ?').get(id, this.#clock.now());
    return row?.['value'] instanceof Uint8Array ? { value: row['value'], version: Number(row['version']) } : undefined;
  }

  async write(id: string, value: Uint8Array, { expected, expiresAt, parent }: Keep): Promise<number> {
    this.#sweep();
    const version = (expected ?? 0) + 1;
    const { changes } =
      expected === undefined
        ? this.#db.prepare('INSERT OR IGNORE INTO sessions VALUES (?, ?, ?, ?, ?)').run(id, value, version, expiresAt, parent ?? null)
        : this.#db
            .prepare('UPDATE sessions SET value = ?, version = ?, expires_at = ? WHERE id = ? AND version = ?')
            .run(value, version, expiresAt, id, expected);
    if (changes === 0) throw new LabError('Conflict', 'The session was changed by somebody else.');
    return version;
  }

  async remove(id: string): Promise<void> {
    this.#db.prepare('DELETE FROM sessions WHERE id = ? OR parent = ?').run(id, id);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #sweep(): void {
    const now = this.#clock.now();
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    this.#db.prepare('DELETE FROM sessions WHERE expires_at <= ?').run(now);
  }
}
