import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openStore } from '../src/index.ts';

const ROUNDS = 40;
const WRITER = join(import.meta.dirname, 'crash-writer.ts');

interface Acknowledged {
  readonly revision: number;
  readonly name: string;
  readonly value: string;
}

/** Runs the writer on `directory` and kills it without warning after `ms`; what it had acknowledged by then. */
async function crash(directory: string, round: number, ms: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', WRITER, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: Acknowledged[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') setTimeout(() => child.kill('SIGKILL'), ms);
    const [, revision, name, value] = /^(\d+) (\S+) (\S+)$/.exec(line) ?? [];
    if (revision && name && value) acknowledged.push({ revision: Number(revision), name, value });
  }
  return acknowledged;
}

test(`after ${ROUNDS} crashes under concurrent writers nothing acknowledged is missing, and the file is sound`, {
  timeout: 120_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crownlabs-crash-'));
  const last = new Map<string, Acknowledged>();
  let highest = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // Spread over the moments of a transaction, without chance, so that a failure can be had again.
    for (const one of await crash(directory, round, 5 + ((round * 37) % 90))) {
      expect(one.revision).toBeGreaterThan(0);
      if (one.revision > (last.get(one.name)?.revision ?? 0)) last.set(one.name, one);
      highest = Math.max(highest, one.revision);
    }
    await using store = await openStore({ directory });
    expect(store.revision).toBeGreaterThanOrEqual(highest);
    for (const { name, revision, value } of last.values()) {
      const entry = store.get('b', name);
      // A later write may have become durable without its acknowledgement having got out; an earlier state may not come back.
      if (entry === undefined) continue;
      expect(entry.revision).toBeGreaterThanOrEqual(revision);
      if (entry.revision === revision) expect(Buffer.from(entry.bytes).toString()).toMatch(new RegExp(`^${value}@`));
    }
    const missing = [...last.values()].filter(
      ({ name, revision, value }) =>
        value !== 'gone' && !store.get('b', name) && !deletedLater(store.since('b', store.compacted), name, revision),
    );
    expect(missing).toEqual([]);
    highest = Math.max(highest, store.revision);
  }
  const db = new DatabaseSync(join(directory, 'log.db'));
  expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  db.close();
  await rm(directory, { recursive: true });
});

/** Whether history shows that the key ended after the revision: then its absence is no loss. */
function deletedLater(
  events: readonly { revision: number; deleted: boolean; entry: { name: string } }[],
  name: string,
  revision: number,
): boolean {
  return events.some((event) => event.deleted && event.entry.name === name && event.revision > revision);
}
