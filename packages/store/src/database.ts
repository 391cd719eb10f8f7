import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue, type StatementSync, backup as sqliteBackup } from 'node:sqlite';
import { LabError, messageOf } from '@crownlabs/std';
import { checksum, demandSum } from './checksum.ts';
import { Durability } from './durability.ts';
import type { Entry } from './entry.ts';
import { migrate } from './layout.ts';
import { claim, heldBy, release } from './owner.ts';
import { type SealOptions, seal, unseal } from './seal.ts';

/** A row of the log as it is written. */
export interface Row {
  readonly entry: Entry;
  readonly previous: number;
  readonly deleted: boolean;
}

/** A row as it is read, with the row it replaced. */
export interface ReadRow extends Row {
  readonly before: Entry | undefined;
}

/** The append-only table: one file, one owner. All calls are synchronous; a caller decides what shares a transaction. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #directory: string | undefined;
  readonly #sealing: SealOptions | undefined;
  readonly #statements = new Map<string, StatementSync>();
  /** Absent in memory, where there is nothing to wait for. */
  readonly durability: Durability | undefined;

  /** Opens or makes the log in `directory`; without one, in memory. */
  constructor(directory: string | undefined, sealing: SealOptions | undefined) {
    this.#directory = directory;
    this.#sealing = sealing;
    this.#db = opened(directory);
    try {
      this.#lock();
      this.#demandSound();
      migrate(this.#db);
      this.durability = directory === undefined ? undefined : new Durability(this.#db, directory);
      // The holder is named last: a log that cannot be opened is nobody's.
      if (directory !== undefined) claim(directory);
    } catch (error) {
      this.#db.close();
      this.durability?.close();
      throw unusable(directory, error);
    }
  }

  #lock(): void {
    try {
      // Exclusive locking holds the operating system's lock until this process ends, however it ends.
      this.#db.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;',
      );
      this.#db.exec('BEGIN EXCLUSIVE; COMMIT;');
    } catch (error) {
      if (this.#directory !== undefined && /locked|busy/i.test(messageOf(error))) throw heldBy(this.#directory, error);
      throw error;
    }
  }

  /** Better no answer than a wrong one: an index that lost a row would show old objects as the last ones. */
  #demandSound(): void {
    const found = this.#db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    if (found !== 'ok') throw new Error(String(found).split('\n').at(-1));
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  fact(name: string): number | undefined {
    const row = this.#prepare('SELECT value FROM facts WHERE name = ?').get(name);
    return row === undefined ? undefined : Number(row['value']);
  }

  setFact(name: string, value: number): void {
    this.#prepare('INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value').run(name, value);
  }

  /** Runs `work` in one transaction. It is on disk when `durability` says so, and never without what was committed before it. */
  transaction(work: () => void): void {
    this.#prepare('BEGIN IMMEDIATE').run();
    try {
      work();
      this.#prepare('COMMIT').run();
    } catch (error) {
      if (this.#db.isTransaction) this.#prepare('ROLLBACK').run();
      throw error;
    }
  }

  insert({ entry, previous, deleted }: Row): void {
    const sealing = this.#sealing?.covers(entry.bucket) ? this.#sealing : undefined;
    const value = sealing ? seal(sealing.key, `${entry.bucket}/${entry.name}`, entry.bytes) : entry.bytes;
    this.#prepare('INSERT INTO log (id, bucket, name, previous, deleted, sealed, value, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)').run(
      entry.revision,
      entry.bucket,
      entry.name,
      previous,
      deleted ? 1 : 0,
      sealing ? 1 : 0,
      value,
      checksum(entry, value),
    );
  }

  lastRevision(): number {
    return Number(this.#prepare('SELECT max(id) AS last FROM log').get()?.['last'] ?? 0);
  }

  /** The last row of every key. */
  *latest(): Generator<Row> {
    const sql = `SELECT * FROM log AS l WHERE NOT EXISTS
      (SELECT 1 FROM log AS n WHERE n.bucket = l.bucket AND n.name = l.name AND n.previous = l.id) ORDER BY bucket, name`;
    for (const row of this.#prepare(sql).iterate()) yield this.#row(row);
  }

  /** Rows of a bucket with revisions above `after`, up to `last`, oldest first, each with the row it replaced. */
  *since(bucket: string, after: number, last: number): Generator<ReadRow> {
    const sql = `SELECT l.*, p.id AS p_id, p.deleted AS p_deleted, p.sealed AS p_sealed, p.value AS p_value, p.sum AS p_sum
      FROM log AS l LEFT JOIN log AS p ON p.id = l.previous WHERE l.id > ? AND l.id <= ? AND l.bucket = ? ORDER BY l.id`;
    for (const row of this.#prepare(sql).iterate(after, last, bucket)) yield this.#readRow(row);
  }

  /** For every key of the bucket that changed after `revision`, up to `last`: its state at `revision`. */
  undone(bucket: string, revision: number, last: number): Map<string, Entry | undefined> {
    const states = new Map<string, Entry | undefined>();
    for (const { entry, before } of this.since(bucket, revision, last)) if (!states.has(entry.name)) states.set(entry.name, before);
    return states;
  }

  /** Sweeps what no revision after `target` can see, at most `limit` rows of it beyond `from`; the revision reached. */
  sweep(from: number, target: number, limit: number): { reached: number; tombstones: Entry['name'][] } {
    const rows = this.#prepare('SELECT id, bucket, name, previous, deleted FROM log WHERE id > ? AND id <= ? ORDER BY id LIMIT ?').all(
      from,
      target,
      limit,
    );
    const tombstones: string[] = [];
    const remove = this.#prepare('DELETE FROM log WHERE id = ?');
    this.transaction(() => {
      for (const row of rows) {
        if (row['previous'] !== 0) remove.run(Number(row['previous']));
        if (row['deleted'] !== 1) continue;
        remove.run(Number(row['id']));
        tombstones.push(`${String(row['bucket'])}/${String(row['name'])}`);
      }
    });
    const last = rows.at(-1);
    return { reached: rows.length < limit || last === undefined ? target : Number(last['id']), tombstones };
  }

  /** Gives freed pages back to the file system, a few at a time. */
  shrink(pages: number): void {
    this.#db.exec(`PRAGMA incremental_vacuum(${pages})`);
  }

  async backup(path: string): Promise<void> {
    await sqliteBackup(this.#db, path);
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.#db.close();
    this.durability?.close();
    if (this.#directory !== undefined) release(this.#directory);
  }

  #row(row: Record<string, SQLOutputValue>): Row {
    const where = { bucket: String(row['bucket']), name: String(row['name']), revision: Number(row['id']) };
    const bytes = this.#open(where, { value: row['value'], sealed: row['sealed'], sum: row['sum'] });
    return { entry: { ...where, bytes, decoded: undefined }, previous: Number(row['previous']), deleted: row['deleted'] === 1 };
  }

  #readRow(row: Record<string, SQLOutputValue>): ReadRow {
    const read = this.#row(row);
    if (row['p_id'] === null || row['p_deleted'] === 1) return { ...read, before: undefined };
    const where = { bucket: read.entry.bucket, name: read.entry.name, revision: Number(row['p_id']) };
    const bytes = this.#open(where, { value: row['p_value'], sealed: row['p_sealed'], sum: row['p_sum'] });
    return { ...read, before: { ...where, bytes, decoded: undefined } };
  }

  #open(where: Where, { value, sealed, sum }: Kept): Uint8Array {
    const { bucket, name } = where;
    if (!(value instanceof Uint8Array)) throw new LabError('InternalError', `The log holds no bytes for ${bucket}/${name}`);
    demandSum(sum, where, value);
    if (sealed !== 1) return value;
    if (!this.#sealing) throw new LabError('ServiceUnavailable', `The log holds sealed values (${bucket}), but no key was given`);
    return unseal(this.#sealing.key, `${bucket}/${name}`, value);
  }
}

type Where = Pick<Entry, 'bucket' | 'name' | 'revision'>;
type Kept = Readonly<Record<'value' | 'sealed' | 'sum', SQLOutputValue | undefined>>;

function opened(directory: string | undefined): DatabaseSync {
  if (directory === undefined) return new DatabaseSync(':memory:');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const file = join(directory, 'log.db');
    // Asked beforehand, because SQLite would call it an I/O error.
    for (const path of [directory, file]) if (existsSync(path)) accessSync(path, constants.W_OK);
    return new DatabaseSync(file, { timeout: 0 });
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** What to say of a log that does not open: whose it is, what is wrong, and what helps. */
export function unusable(directory: string | undefined, error: unknown): unknown {
  if (error instanceof LabError || directory === undefined) return error;
  const why = messageOf(error);
  const advice = /readonly|EACCES|EROFS|unable to open|permission/i.test(why)
    ? 'Its directory must be writable by this process.'
    : /full|disk I\/O|ENOSPC|no space|quota/i.test(why)
      ? 'Free space on its disk.'
      : 'The file is damaged: put a backup in its place. It was left as it is.';
  return new LabError('ServiceUnavailable', `The log in ${directory} cannot be opened: ${why}. ${advice}`, { cause: error });
}
