import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Clock, messageOf } from '@crownlabs/std';

const LOOK_EVERY_MS = 500;

/** How a turn is waited for. */
export interface TurnOptions {
  /** The file that all who share an engine agree on. */
  readonly lockFile: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once when somebody else has the turn. */
  readonly onWait?: () => void | Promise<void>;
}

/** Does `work` when nobody else on this machine builds images. The lock is the operating system's: it ends with its holder, however that ends. */
export async function inTurn<T>(options: TurnOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(options.lockFile), { recursive: true, mode: 0o700 });
  const turn = await waitForTurn(options);
  try {
    return await work();
  } finally {
    turn.close();
  }
}

async function waitForTurn({ lockFile, clock, signal, onWait }: TurnOptions): Promise<DatabaseSync> {
  for (let waited = false; ; waited = true) {
    signal.throwIfAborted();
    const turn = taken(lockFile);
    if (turn) return turn;
    if (!waited) await onWait?.();
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** SQLite is at hand and locks on every system alike; nothing is ever written into the file. */
function taken(path: string): DatabaseSync | undefined {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (/locked|busy/i.test(messageOf(error))) return undefined;
    throw error;
  }
  return file;
}
