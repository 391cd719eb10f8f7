import type { DatabaseSync } from 'node:sqlite';
import { LabError } from '@crownlabs/std';

const FIRST = `
CREATE TABLE IF NOT EXISTS log (
  id INTEGER PRIMARY KEY,
  bucket TEXT NOT NULL,
  name TEXT NOT NULL,
  previous INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  sealed INTEGER NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (bucket, name, previous)
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;

/** What leads from each layout to the next. A step is never changed once it was released; the next one is added below. */
const STEPS: readonly string[] = [
  // 1 to 2: bytes that rot on the disk are noticed.
  'ALTER TABLE log ADD COLUMN sum INTEGER',
];

const NEWEST = STEPS.length + 1;

/** Brings a database of any older layout, or an empty one, to today's: all of it or nothing. */
export function migrate(db: DatabaseSync): void {
  db.exec(FIRST);
  const kept = db.prepare("SELECT value FROM facts WHERE name = 'layout'").get()?.['value'];
  const layout = Number(kept ?? 1);
  if (layout > NEWEST) {
    throw new LabError('ServiceUnavailable', `The log has layout ${layout}, made by a newer version; this one reads up to ${NEWEST}`);
  }
  if (kept !== undefined && layout === NEWEST) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (const step of STEPS.slice(layout - 1)) db.exec(step);
    db.exec(`INSERT INTO facts (name, value) VALUES ('layout', ${NEWEST}) ON CONFLICT (name) DO UPDATE SET value = excluded.value`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
