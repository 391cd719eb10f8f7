import type { Clock } from '@crownlabs/std';
import type { GrantStore } from './grants.ts';

/** How many failures in a row are borne, and how long the first lock lasts; each further failure doubles it. */
interface Limit {
  readonly free: number;
  readonly firstLockMs: number;
  readonly longestLockMs: number;
}

const MINUTE = 60_000;
const FORGOTTEN_AFTER_MS = 60 * MINUTE;

// One person at one place is slowed down soon. The account as a whole bears more, or anybody could lock somebody out.
// An address bears a full classroom behind one router.
const LIMITS = {
  pair: { free: 5, firstLockMs: MINUTE, longestLockMs: 30 * MINUTE },
  account: { free: 30, firstLockMs: MINUTE, longestLockMs: 15 * MINUTE },
  address: { free: 150, firstLockMs: MINUTE, longestLockMs: 15 * MINUTE },
} satisfies Record<string, Limit>;

/** Brakes guessing. Names that do not exist are braked like those that do, so that a lock tells nothing. */
export interface SignInLimits {
  /** Milliseconds for which this person, or this address, must wait; 0 when it may try. */
  waitFor(name: string, address: string): number;
  failed(name: string, address: string): void;
  succeeded(name: string, address: string): void;
}

/** Limits that are kept in `store`, so that a restart does not open them. */
export function signInLimits(store: GrantStore, clock: Clock): SignInLimits {
  const subjects = (name: string, address: string): [string, Limit][] => [
    [`pair:${name}@${address}`, LIMITS.pair],
    [`account:${name}`, LIMITS.account],
    [`address:${address}`, LIMITS.address],
  ];

  function count(subject: string, { free, firstLockMs, longestLockMs }: Limit): void {
    const now = clock.now();
    const before = store.attempts(subject);
    const failures = now - before.lastAt > FORGOTTEN_AFTER_MS ? 1 : before.failures + 1;
    const beyond = failures - free;
    const lockedUntil = beyond < 0 ? 0 : now + Math.min(longestLockMs, firstLockMs * 2 ** Math.min(beyond, 20));
    store.setAttempts(subject, { failures, lastAt: now, lockedUntil });
  }

  return {
    waitFor: (name, address) => {
      const until = Math.max(...subjects(name, address).map(([subject]) => store.attempts(subject).lockedUntil));
      return Math.max(0, until - clock.now());
    },
    failed: (name, address) => {
      for (const [subject, limit] of subjects(name, address)) count(subject, limit);
    },
    // The address stays counted: a pupil who knows one password must not be able to reset it for guessing others.
    succeeded: (name, address) => {
      store.clearAttempts(`pair:${name}@${address}`);
      store.clearAttempts(`account:${name}`);
    },
  };
}
