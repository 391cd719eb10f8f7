import { type Clock, hasCode, LabError, type Logger, messageOf } from '@crownlabs/std';
import type { Issuer, Tokens } from './issuer.ts';
import { idOf, newSecret, type Seal } from './seal.ts';
import type { SessionStore } from './session-store.ts';

/** A signed-in browser. */
export interface Session extends Tokens {
  readonly id: string;
  readonly startedAt: number;
}

/** The visit of a signed-in browser to one environment's origin. */
export interface Visit {
  readonly session: Session;
  readonly uid: string;
  readonly environment: string;
}

/** Parts of the sessions. */
export interface SessionsOptions {
  readonly store: SessionStore;
  readonly seal: Seal;
  readonly issuer: Pick<Issuer, 'refresh' | 'revoke'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How long a browser may stay signed in. */
export const LONGEST_SESSION_S = 7 * 24 * 3600;

// A bearer that ends while its request is on the way is worse than one refresh too early.
const REFRESH_BEFORE_MS = 45_000;

interface Loaded {
  readonly session: Session;
  readonly version: number;
}

/** Sessions of browsers: tokens never leave this process, neither to pages nor to files in the clear. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #loaded = new Map<string, Loaded>();
  readonly #refreshing = new Map<string, Promise<Session>>();
  readonly #onEnd = new Set<(id: string) => void>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Starts a session; answers with the secret for the cookie. */
  async start(tokens: Tokens): Promise<string> {
    const { secret, id } = newSecret();
    const session: Session = { ...tokens, id, startedAt: this.#options.clock.now() };
    this.#loaded.set(id, { session, version: await this.#write(session) });
    return secret;
  }

  async find(secret: string | undefined): Promise<Session | undefined> {
    return secret ? this.#load(idOf(secret)) : undefined;
  }

  /** What is known of a session that is in use; `undefined` once it has ended. */
  current(id: string): Session | undefined {
    return this.#loaded.get(id)?.session;
  }

  /** The session with a bearer that is good for a while. Many requests at once refresh once. */
  async fresh(session: Session): Promise<Session> {
    const known = this.current(session.id) ?? session;
    if (known.bearerExpiresAt - this.#options.clock.now() > REFRESH_BEFORE_MS) return known;
    const running = this.#refreshing.get(known.id);
    if (running) return running;
    const refresh = this.#refresh(known).finally(() => this.#refreshing.delete(known.id));
    this.#refreshing.set(known.id, refresh);
    return refresh;
  }

  /** Signs out: here at once, at the issuer as soon as it answers. */
  async end(session: Session): Promise<void> {
    await this.#forget(session.id);
    const { issuer, log } = this.#options;
    await issuer
      .revoke(session.refreshToken)
      .catch((error: unknown) => log.warn('Refresh token was not revoked', { error: messageOf(error) }));
  }

  onEnd(listener: (id: string) => void): () => void {
    this.#onEnd.add(listener);
    return () => this.#onEnd.delete(listener);
  }

  /** Starts a visit to an environment's origin; answers with the secret for that origin's cookie. */
  async startVisit(session: Session, uid: string, environment: string): Promise<string> {
    const { secret, id } = newSecret();
    const sealed = this.#options.seal.seal(JSON.stringify({ session: session.id, uid, environment }), `visit ${id}`);
    await this.#options.store.write(id, sealed, { expiresAt: session.startedAt + LONGEST_SESSION_S * 1000, parent: session.id });
    return secret;
  }

  async findVisit(secret: string | undefined): Promise<Visit | undefined> {
    if (!secret) return undefined;
    const id = idOf(secret);
    const kept = await this.#options.store.read(id);
    const text = kept && this.#options.seal.open(kept.value, `visit ${id}`);
    if (!text) return undefined;
    const { session: parent, uid, environment } = JSON.parse(text) as { session: string; uid: string; environment: string };
    const session = await this.#load(parent);
    return session && { session, uid, environment };
  }

  async #load(id: string): Promise<Session | undefined> {
    const known = this.#loaded.get(id);
    if (known) return this.#alive(known.session);
    const kept = await this.#options.store.read(id);
    const text = kept && this.#options.seal.open(kept.value, `session ${id}`);
    if (!kept || !text) return undefined;
    const session = JSON.parse(text) as Session;
    this.#loaded.set(id, { session, version: kept.version });
    return this.#alive(session);
  }

  async #alive(session: Session): Promise<Session | undefined> {
    if (this.#options.clock.now() - session.startedAt < LONGEST_SESSION_S * 1000) return session;
    await this.#forget(session.id);
    return undefined;
  }

  async #refresh(session: Session): Promise<Session> {
    try {
      const tokens = await this.#options.issuer.refresh(session.refreshToken);
      return await this.#replace({ ...session, ...tokens });
    } catch (error) {
      if (hasCode(error, 'Conflict')) return this.#reload(session.id);
      if (hasCode(error, 'Unauthorized')) {
        this.#options.log.info('Session ended by the issuer', { person: session.person.name });
        await this.#forget(session.id);
        throw error;
      }
      // The issuer is away: what is still valid stays in use, so that a restart signs nobody out.
      if (session.bearerExpiresAt > this.#options.clock.now()) return session;
      throw error;
    }
  }

  async #replace(session: Session): Promise<Session> {
    const known = this.#loaded.get(session.id);
    if (!known) throw new LabError('Unauthorized', 'The session has ended.');
    this.#loaded.set(session.id, { session, version: await this.#write(session, known.version) });
    return session;
  }

  /** Another replica was faster: its tokens are the good ones. */
  async #reload(id: string): Promise<Session> {
    this.#loaded.delete(id);
    const session = await this.#load(id);
    if (!session) throw new LabError('Unauthorized', 'The session has ended.');
    return session;
  }

  async #forget(id: string): Promise<void> {
    this.#loaded.delete(id);
    await this.#options.store.remove(id);
    for (const listener of this.#onEnd) listener(id);
  }

  #write(session: Session, expected?: number): Promise<number> {
    const sealed = this.#options.seal.seal(JSON.stringify(session), `session ${session.id}`);
    const expiresAt = session.startedAt + LONGEST_SESSION_S * 1000;
    return this.#options.store.write(session.id, sealed, expected === undefined ? { expiresAt } : { expiresAt, expected });
  }
}
