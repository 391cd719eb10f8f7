import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@crownlabs/store';
import { expect, test } from 'vitest';

const ROUNDS = 6;

/** Runs the writer until it is killed at a random moment; what it had acknowledged. */
async function killedWriter(directory: string): Promise<[string, number, string][]> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'crash-writer.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  writer.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes('ready')) await sleep(10);
  await sleep(20 + Math.random() * 150);
  writer.kill('SIGKILL');
  await new Promise((resolve) => writer.once('close', resolve));
  // A last line may be cut; it was not heard in full, so it was not acknowledged.
  const lines = said.split('\n').slice(1, -1);
  return lines.map((line) => {
    const [name = '', revision = '', what = ''] = line.split(' ');
    return [name, Number(revision), what];
  });
}

test('nothing that was acknowledged is lost, however often the writer is killed', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-crash-'));
  const last = new Map<string, { revision: number; what: string }>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, revision, what] of await killedWriter(directory)) last.set(name, { revision, what });
    await using store = await openStore({ directory });
    const events = store.since('b', store.compacted);
    for (const [name, { revision, what }] of last) {
      const found = store.get('b', name);
      // The writer may have committed more than it could say, but then the log says it.
      const later = events.some((event) => event.entry.name === name && event.deleted && event.revision > revision);
      if (what === 'written') expect(found ? found.revision >= revision : later, `${name} at ${revision}`).toBe(true);
      if (found) expect(Buffer.from(found.bytes).toString()).toBe(`${name} ${found.revision}`);
    }
    const revisions = events.map((event) => event.revision);
    expect(revisions).toEqual([...revisions].toSorted((a, b) => a - b));
    const living = new Map(store.list('b').entries.map((entry) => [entry.name, entry.revision]));
    for (const event of store.since('b', store.compacted))
      if (!event.deleted) expect(living.get(event.entry.name) ?? Infinity).toBeGreaterThanOrEqual(event.revision);
  }
  rmSync(directory, { recursive: true });
});
