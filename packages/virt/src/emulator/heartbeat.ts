import type { Clock } from '@crownlabs/std';
import type { MonitorSession } from './session.ts';

const ASK_MS = 2_000;
/** An emulator answers within milliseconds. On a machine where everybody computes it may take a second until it has a turn. */
const PATIENCE_MS = 4_000;

/** What hears whether an emulator answers. */
export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called when it has not answered for a while, and when it does again. */
  readonly frozen: (is: boolean) => void;
}

/**
 * Asks an emulator again and again whether it is there, for as long as it lives: one that is frozen goes on to accept connections for its guest, and
 * says nothing. Throws when it is gone.
 */
export async function listenToHeart(session: MonitorSession, options: HeartbeatOptions): Promise<never> {
  for (;;) {
    await options.clock.sleep(ASK_MS, options.signal);
    await noticed(session.execute('query-status'), options);
  }
}

/** Waits for an answer however long it takes, and tells of it when that is long. */
export async function noticed<T>(answer: Promise<T>, { clock, signal, frozen }: HeartbeatOptions): Promise<T> {
  const state = { answered: false, late: false };
  const late = () => {
    if (state.answered) return;
    state.late = true;
    frozen(true);
  };
  clock.sleep(PATIENCE_MS, signal).then(late, () => undefined);
  try {
    return await answer;
  } finally {
    state.answered = true;
    if (state.late) frozen(false);
  }
}
