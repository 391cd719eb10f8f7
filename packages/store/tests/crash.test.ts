import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore, type Store } from '@crownlabs/store';
import { afterAll, expect, test } from 'vitest';

// Two hundred rounds in all; those of the API (packages/apiserver/tests/crash.test.ts) come on top.
const LANES = 3;
const ROUNDS_OF_A_LANE = 67;

// Compiled code is kept by processes that end by themselves, and those that are killed never do: this one loads, and ends.
const compiled = mkdtempSync(join(tmpdir(), 'store-crash-code-'));
const env = { NODE_COMPILE_CACHE: compiled };
spawnSync(process.execPath, ['--input-type=module', '--eval', "import '@crownlabs/store'"], { cwd: import.meta.dirname, env });
afterAll(() => rmSync(compiled, { recursive: true }));

interface Said {
  readonly what: string;
  readonly name: string;
  readonly revision: number;
  readonly how: string;
}

/** Runs the writer until it is killed at a random moment; what it had said until then. It speaks into a file: a pipe would swallow words. */
async function killedWriter(directory: string, resume: number): Promise<Said[]> {
  const script = join(import.meta.dirname, 'crash-writer.ts');
  const path = join(directory, 'said');
  const file = openSync(path, 'w');
  const writer = spawn(process.execPath, [script, directory, String(resume)], { stdio: ['ignore', file, 'inherit'], env });
  closeSync(file);
  const closed = new Promise((resolve) => writer.once('close', resolve));
  while (statSync(path).size === 0 && writer.exitCode === null) await sleep(5);
  await sleep(Math.random() * 60);
  if (writer.exitCode !== null) throw new Error(`The writer ended with ${writer.exitCode} before it was killed`);
  writer.kill('SIGKILL');
  await closed;
  const said = readFileSync(path, 'utf8');
  // A last line may be cut; it was not heard in full, so it was not said.
  const lines = said.split('\n').slice(1, -1);
  return lines.map((line) => {
    const [what = '', name = '', revision = '', how = ''] = line.split(' ');
    return { what, name, revision: Number(revision), how };
  });
}

/** One data directory that is killed again and again, and all that was ever said of it. */
class Lane {
  readonly #directory = mkdtempSync(join(tmpdir(), 'store-crash-'));
  readonly #seen: Said[] = [];
  readonly #last = new Map<string, Said>();

  /** How many events were seen. */
  get length(): number {
    return this.#seen.length;
  }

  async round(): Promise<void> {
    const said = await killedWriter(this.#directory, this.#seen.at(-1)?.revision ?? 0);
    for (const one of said) if (one.what === 'saw') this.#see(one);
    for (const one of said) if (one.what === 'ack') this.#acknowledged(one);
    {
      await using store = await openStore({ directory: this.#directory });
      this.#compare(store);
    }
    this.#sound();
  }

  /** Every revision is a change of the one bucket: a watch that goes on after each death has no gap, no repetition, no step back. */
  #see(one: Said): void {
    if (one.revision !== this.#seen.length + 1) throw new Error(`saw revision ${one.revision} after ${this.#seen.length}`);
    this.#seen.push(one);
    this.#last.set(one.name, one);
  }

  #acknowledged(one: Said): void {
    if (one.revision > (this.#last.get(one.name)?.revision ?? 0)) this.#last.set(one.name, one);
    const seen = this.#seen[one.revision - 1];
    // It may have died between saying the one and the other.
    if (seen) expect([seen.name, seen.how]).toEqual([one.name, one.how]);
  }

  #compare(store: Store): void {
    const later = store.since('b', this.#seen.length);
    for (const { name, revision, how } of this.#last.values()) {
      const found = store.get('b', name);
      const after = later.findLast((event) => event.entry.name === name && event.revision > revision);
      // It may have committed more than it could say, but then the log says it.
      const lives = after ? !after.deleted : how === 'written';
      if (lives !== (found !== undefined)) throw new Error(`${name}, ${how} at ${revision}, is ${found ? 'there' : 'not there'}`);
      if (found && found.revision !== (after?.revision ?? revision)) throw new Error(`${name} at ${revision} is at ${found.revision}`);
      if (found) expect(Buffer.from(found.bytes).toString()).toBe(`${name} ${found.revision}`);
    }
  }

  #sound(): void {
    const database = new DatabaseSync(join(this.#directory, 'log.db'));
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true });
  }
}

test('nothing acknowledged and no event is lost, repeated or reordered, however often the writer is killed', {
  timeout: 180_000,
}, async () => {
  const lane = async () => {
    using one = new Lane();
    for (let round = 0; round < ROUNDS_OF_A_LANE; round += 1) await one.round();
    expect(one.length).toBeGreaterThan(ROUNDS_OF_A_LANE);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
});
