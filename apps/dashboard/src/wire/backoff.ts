const FIRST_MS = 400;
const LONGEST_MS = 10_000;

/** How long to wait before the next attempt: doubling, bounded, with a random part so that a class does not come back at once. */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  return Math.min(FIRST_MS * 2 ** attempts, LONGEST_MS) * (0.6 + 0.4 * random());
}
