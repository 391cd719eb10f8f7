import { spawn } from 'node:child_process';
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { scope } from '@crownlabs/std';
import { expect, test } from 'vitest';
import { announce, orphansGone, type Running, running } from './installation.ts';
import { placesOf } from './places.ts';
import { argumentsOf, birthOf, isRunning } from './process-birth.ts';
import { down } from './verbs/down.ts';

/** A data directory, and a process that has nothing to do with it. */
async function machine() {
  const owned = scope();
  const dataDir = await mkdtemp(join(tmpdir(), 'crownlabs-installation-'));
  owned.defer(() => rm(dataDir, { recursive: true }));
  const sleeper = (...args: string[]) => {
    const child = spawn('tail', ['-f', '/dev/null', ...args], { stdio: 'ignore' });
    owned.defer(() => void child.kill('SIGKILL'));
    if (child.pid === undefined) throw new Error('no process');
    return { pid: child.pid, birth: birthOf(child.pid) ?? '' };
  };
  return { places: placesOf(dataDir), sleeper, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function stateOf(process: { pid: number; birth: string }, programs: Record<string, number> = {}): Running {
  return { ...process, url: 'http://localhost:1', apiServer: 'https://127.0.0.1:1', startedAt: '', ready: true, programs };
}

test('what runs is told from a stranger who got its number later', async () => {
  await using it = await machine();
  const process = it.sleeper();
  await announce(it.places, stateOf(process));
  expect(await running(it.places)).toMatchObject({ pid: process.pid });
  for (const birth of ['another-boot/1', process.birth.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)), '']) {
    await announce(it.places, stateOf({ pid: process.pid, birth }));
    expect(await running(it.places)).toBeUndefined();
  }
});

test('`down` never signals a stranger', async () => {
  await using it = await machine();
  const stranger = it.sleeper();
  await announce(it.places, stateOf({ pid: stranger.pid, birth: 'before-the-reboot/4711' }, { control: stranger.pid }));
  await down(it.places, { keep: false });
  expect(isRunning(stranger)).toBe(true);
  // What was true before the reboot is forgotten.
  expect(await running(it.places)).toBeUndefined();
});

test('a state file that a crash left half-written says that nothing runs', async () => {
  await using it = await machine();
  await announce(it.places, stateOf({ pid: process.pid, birth: birthOf(process.pid) ?? '' }));
  await truncate(it.places.state, 20);
  expect(await running(it.places)).toBeUndefined();
});

test('programs that a killed supervisor left are waited for', async () => {
  await using it = await machine();
  const orphan = it.sleeper(it.places.resolved);
  await announce(it.places, stateOf({ pid: orphan.pid, birth: 'gone/1' }, { control: orphan.pid }));
  let gone = false;
  const waiting = orphansGone(it.places).then(() => (gone = true));
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect([gone, argumentsOf(orphan.pid)]).toEqual([false, expect.arrayContaining([it.places.resolved])]);
  process.kill(orphan.pid, 'SIGTERM');
  await waiting;
});
