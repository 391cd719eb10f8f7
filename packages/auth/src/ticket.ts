import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@crownlabs/std';

/** What a ticket is good for: one person, one place, one browser. */
export interface TicketGrant<Subject> {
  readonly subject: Subject;
  /** Where it may be used, for example the origin of an environment. */
  readonly place: string;
  /** The hash of a nonce that only the browser holds; see {@link challengeOf}. */
  readonly challenge: string;
}

/** One-time tickets: they open one door, once, within half a minute, for the browser that asked. */
export interface Tickets<Subject> {
  issue(grant: TicketGrant<Subject>): string;
  /** The subject of a valid ticket, which is void from then on whatever the outcome; `undefined` for any other. */
  redeem(ticket: string, use: { readonly place: string; readonly nonce: string }): Subject | undefined;
}

const LIFETIME_MS = 30_000;
const MOST = 10_000;

/** The public half of a browser's nonce. */
export function challengeOf(nonce: string): string {
  return createHash('sha256').update(nonce).digest('base64url');
}

/** Tickets held in this process's memory: they live so briefly that a restart may lose them. */
export function createTickets<Subject>(clock: Clock): Tickets<Subject> {
  const open = new Map<string, TicketGrant<Subject> & { readonly until: number }>();

  function sweep(): void {
    const now = clock.now();
    // Insertion order is order of age.
    for (const [id, { until }] of open) {
      if (until > now && open.size < MOST) return;
      open.delete(id);
    }
  }

  return {
    issue(grant) {
      sweep();
      const ticket = randomBytes(32).toString('base64url');
      open.set(challengeOf(ticket), { ...grant, until: clock.now() + LIFETIME_MS });
      return ticket;
    },
    redeem(ticket, { place, nonce }) {
      const id = challengeOf(ticket);
      const grant = open.get(id);
      open.delete(id);
      if (!grant || grant.until <= clock.now() || grant.place !== place) return undefined;
      return same(grant.challenge, challengeOf(nonce)) ? grant.subject : undefined;
    },
  };
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
