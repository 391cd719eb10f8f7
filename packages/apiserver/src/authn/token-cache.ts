import { hash } from 'node:crypto';
import type { Clock } from '@crownlabs/std';

const ENTRIES = 4096;

/** Remembers what a token was found to be, so that its signature is checked once a minute and not with each request. */
export interface TokenCache<T> {
  get(token: string, verify: () => Promise<T>): Promise<T>;
}

/** A cache of verified tokens, each kept for `ttlMs`; failures are not kept. Holds digests, no tokens. */
export function tokenCache<T>(clock: Clock, ttlMs: number): TokenCache<T> {
  const known = new Map<string, { value: Promise<T>; until: number }>();
  return {
    get: (token, verify) => {
      const key = hash('sha256', token, 'base64');
      const hit = known.get(key);
      if (hit && hit.until > clock.now()) return hit.value;
      const value = verify();
      known.delete(key);
      known.set(key, { value, until: clock.now() + ttlMs });
      value.catch(() => known.delete(key));
      const oldest = known.size > ENTRIES ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      return value;
    },
  };
}
