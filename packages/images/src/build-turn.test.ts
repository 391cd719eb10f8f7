import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Clock, scope } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { inTurn } from './build-turn.ts';

const hurried: Clock = {
  now: Date.now,
  sleep: (_, signal) => new Promise((done) => setTimeout(done, 5)).then(() => signal?.throwIfAborted()),
};

async function machine() {
  const owned = scope();
  const folder = await mkdtemp(join(tmpdir(), 'crownlabs-turn-'));
  owned.defer(() => rm(folder, { recursive: true }));
  return { lock: join(folder, 'deep', 'lock'), owned, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

const never = new AbortController().signal;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

test('the second who builds waits for the first, hears so once, and goes on', async () => {
  await using it = await machine();
  const options = { lockFile: it.lock, clock: hurried, signal: never };
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await pause(40);
    seen.push(`${name} ends`);
  };
  const first = inTurn(options, work('first'));
  await pause(10);
  await inTurn({ ...options, onWait: () => void seen.push('second waits') }, work('second'));
  await first;
  expect(seen).toEqual(['first begins', 'second waits', 'first ends', 'second begins', 'second ends']);
});

test('work that fails passes the turn on', async () => {
  await using it = await machine();
  const options = { lockFile: it.lock, clock: hurried, signal: never };
  await expect(inTurn(options, () => Promise.reject(new Error('no space')))).rejects.toThrow('no space');
  expect(await inTurn(options, async () => 'built')).toBe('built');
});

test('a builder that is killed passes its turn on', async () => {
  await using it = await machine();
  const options = { lockFile: it.lock, clock: hurried, signal: never };
  await inTurn(options, () => Promise.resolve());
  const holding = `import { DatabaseSync } from 'node:sqlite'; new DatabaseSync(process.argv[1]).exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => {}, 1e6)`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', holding, it.lock]);
  it.owned.defer(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  let passed = false;
  const waiting = inTurn(options, async () => {
    passed = true;
  });
  await pause(40);
  expect(passed).toBe(false);
  holder.kill('SIGKILL');
  await waiting;
});

test('who is told to stop does not wait for a turn', async () => {
  await using it = await machine();
  const options = { lockFile: it.lock, clock: hurried, signal: never };
  await inTurn(options, async () => {
    await expect(inTurn({ ...options, signal: AbortSignal.timeout(20) }, () => Promise.resolve())).rejects.toThrow(/timeout|abort/i);
  });
});
