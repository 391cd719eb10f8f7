import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Clock } from '@crownlabs/std';
import type { Adapter, AdapterPayload } from 'oidc-provider';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS grants (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, expires_at INTEGER,
    grant_id TEXT, user_code TEXT, uid TEXT, account TEXT,
    PRIMARY KEY (model, id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS grants_by_grant ON grants (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS grants_by_account ON grants (account) WHERE account IS NOT NULL;
  CREATE INDEX IF NOT EXISTS grants_by_expiry ON grants (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS attempts (
    subject TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at INTEGER NOT NULL, locked_until INTEGER NOT NULL
  ) WITHOUT ROWID;`;

const SWEEP_EVERY_MS = 60_000;

/** Failed sign-ins of one subject: an account, an address, or a pair of them. */
export interface Attempts {
  readonly failures: number;
  readonly lastAt: number;
  readonly lockedUntil: number;
}

/**
 * Sessions, codes, grants and refresh tokens: short-lived, written at every sign-in, and no object of the lab. They
 * have a small SQLite file of their own so that they survive a restart without a revision in the log.
 */
export class GrantStore implements Disposable {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #find: StatementSync;
  readonly #upsert: StatementSync;
  #sweptAt = 0;

  /** `path` is a file, or `:memory:`. */
  constructor(path: string, clock: Clock) {
    this.#db = new DatabaseSync(path);
    this.#clock = clock;
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    this.#db.exec(SCHEMA);
    this.#find = this.#db.prepare('SELECT payload FROM grants WHERE model = ? AND id = ? AND (expires_at IS NULL OR expires_at > ?)');
    this.#upsert = this.#db.prepare(
      `INSERT OR REPLACE INTO grants (model, id, payload, expires_at, grant_id, user_code, uid, account) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** The storage of one model, in the shape that oidc-provider asks for. */
  adapter(model: string): Adapter {
    return {
      upsert: async (id, payload, expiresIn) => this.#write(model, id, payload, expiresIn),
      find: async (id) => payloadOf(this.#find.get(model, id, this.#clock.now())),
      findByUid: async (uid) => this.#findBy('uid', model, uid),
      findByUserCode: async (code) => this.#findBy('user_code', model, code),
      consume: async (id) => {
        this.#db
          .prepare(`UPDATE grants SET payload = json_set(payload, '$.consumed', ?) WHERE model = ? AND id = ?`)
          .run(Math.floor(this.#clock.now() / 1000), model, id);
      },
      destroy: async (id) => void this.#db.prepare('DELETE FROM grants WHERE model = ? AND id = ?').run(model, id),
      revokeByGrantId: async (grantId) => void this.#db.prepare('DELETE FROM grants WHERE model = ? AND grant_id = ?').run(model, grantId),
    };
  }

  /** Ends the browser session that `uid` names. */
  endSession(uid: string): void {
    this.#db.prepare(`DELETE FROM grants WHERE model = 'Session' AND uid = ?`).run(uid);
  }

  /** Ends everything an account holds: sessions, grants, refresh tokens. */
  forgetAccount(account: string): void {
    this.#db.prepare('DELETE FROM grants WHERE account = ?').run(account);
  }

  attempts(subject: string): Attempts {
    const row = this.#db.prepare('SELECT failures, last_at, locked_until FROM attempts WHERE subject = ?').get(subject);
    return {
      failures: Number(row?.['failures'] ?? 0),
      lastAt: Number(row?.['last_at'] ?? 0),
      lockedUntil: Number(row?.['locked_until'] ?? 0),
    };
  }

  setAttempts(subject: string, { failures, lastAt, lockedUntil }: Attempts): void {
    this.#db.prepare('INSERT OR REPLACE INTO attempts VALUES (?, ?, ?, ?)').run(subject, failures, lastAt, lockedUntil);
  }

  clearAttempts(subject: string): void {
    this.#db.prepare('DELETE FROM attempts WHERE subject = ?').run(subject);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #write(model: string, id: string, payload: AdapterPayload, expiresIn: number | undefined): void {
    this.#sweep();
    const expiresAt = expiresIn ? this.#clock.now() + expiresIn * 1000 : null;
    const { grantId = null, userCode = null, uid = null, accountId = null } = payload;
    this.#upsert.run(model, id, JSON.stringify(payload), expiresAt, grantId, userCode, uid, accountId);
  }

  #findBy(column: 'uid' | 'user_code', model: string, value: string): AdapterPayload | undefined {
    const statement = this.#db.prepare(
      `SELECT payload FROM grants WHERE model = ? AND ${column} = ? AND (expires_at IS NULL OR expires_at > ?)`,
    );
    return payloadOf(statement.get(model, value, this.#clock.now()));
  }

  #sweep(): void {
    const now = this.#clock.now();
    if (now - this.#sweptAt < SWEEP_EVERY_MS) return;
    this.#sweptAt = now;
    this.#db.prepare('DELETE FROM grants WHERE expires_at <= ?').run(now);
    this.#db.prepare('DELETE FROM attempts WHERE last_at < ? AND locked_until < ?').run(now - 24 * 3_600_000, now);
  }
}

function payloadOf(row: Record<string, unknown> | undefined): AdapterPayload | undefined {
  return typeof row?.['payload'] === 'string' ? JSON.parse(row['payload']) : undefined;
}
