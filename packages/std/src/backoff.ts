/** How long to wait before try `n` (0 is the first retry): doubles from `baseMs` up to `capMs`, with ±20 % jitter. */
export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/** Milliseconds before retry number `attempt`, counted from 0. `random` is in [0, 1). */
export function backoffDelay({ baseMs, capMs }: Backoff, attempt: number, random: () => number = Math.random): number {
  const grown = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(grown * (0.8 + 0.4 * random()));
}
