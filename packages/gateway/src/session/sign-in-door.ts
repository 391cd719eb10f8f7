import type { IncomingMessage, ServerResponse } from 'node:http';
import { isAdmin, type Person } from '@crownlabs/auth';
import { LabError, type Logger, messageOf } from '@crownlabs/std';
import type { Addresses } from '../http/addresses.ts';
import { type Cookies, readCookies } from '../http/cookies.ts';
import type { Issuer, Pending } from './issuer.ts';
import type { Seal } from './seal.ts';
import { LONGEST_SESSION_S, type Session, type Sessions } from './sessions.ts';

/** Parts of the sign-in door. */
export interface SignInOptions {
  readonly addresses: Addresses;
  readonly cookies: Cookies;
  readonly issuer: Issuer;
  readonly sessions: Sessions;
  readonly seal: Seal;
  readonly log: Logger;
  /** The person as the living Tenant has it; `undefined` when the Tenant is gone. */
  readonly living: (person: Person) => Person | undefined;
}

const SIGN_IN_SECONDS = 3600;
const CONTEXT = 'sign-in';

/** `/auth/*`: to the issuer and back, who am I, and out again. */
export class SignInDoor {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  async login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addresses, cookies, issuer, seal } = this.#options;
    const wanted = new URL(request.url ?? '/', addresses.origin).searchParams.get('return');
    const { address, pending } = await issuer.begin(safeReturn(wanted, addresses.origin));
    const sealed = seal.seal(JSON.stringify(pending), CONTEXT).toString('base64url');
    redirect(response, address, [cookies.set(cookies.signIn, sealed, SIGN_IN_SECONDS)]);
  }

  async callback(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addresses, cookies, issuer, sessions, log } = this.#options;
    const jar = readCookies(request.headers.cookie);
    const pending = this.#pending(jar.get(cookies.signIn));
    const { search, searchParams } = new URL(request.url ?? '/', addresses.origin);
    // An old tab, or somebody else's answer: nothing of it is used, and signing in again is one click.
    if (!pending || pending.state !== searchParams.get('state')) {
      log.info('Answer of the sign-in service belonged to no sign-in of this browser');
      return redirect(response, '/auth/login', [cookies.clear(cookies.signIn)]);
    }
    const tokens = await issuer.finish(search, pending);
    const before = await sessions.find(jar.get(cookies.session));
    const secret = await sessions.start(tokens);
    if (before) await sessions.end(before).catch((error: unknown) => log.warn('Older session was not ended', { error: messageOf(error) }));
    log.info('Signed in', { person: tokens.person.name });
    redirect(response, pending.returnTo, [cookies.set(cookies.session, secret, LONGEST_SESSION_S), cookies.clear(cookies.signIn)]);
  }

  async logout(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { cookies, sessions, log } = this.#options;
    const session = await sessions.find(readCookies(request.headers.cookie).get(cookies.session));
    if (session) {
      await sessions.end(session);
      log.info('Signed out', { person: session.person.name });
    }
    response.setHeader('set-cookie', cookies.clear(cookies.session));
    if ((request.headers.accept ?? '').includes('text/html')) return redirect(response, '/', []);
    response.writeHead(204).end();
  }

  async me(session: Session, response: ServerResponse): Promise<void> {
    const person = this.#options.living(session.person);
    if (!person) throw new LabError('Unauthorized', 'Your account is gone.');
    const { name, displayName, email, groups } = person;
    const expiresAt = new Date(session.startedAt + LONGEST_SESSION_S * 1000).toISOString();
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end(JSON.stringify({ name, displayName, email, groups, admin: isAdmin(person), expiresAt }));
  }

  #pending(sealed: string | undefined): Pending | undefined {
    const text = sealed && this.#options.seal.open(Buffer.from(sealed, 'base64url'), CONTEXT);
    return text ? (JSON.parse(text) as Pending) : undefined;
  }
}

/** Where to go after signing in: a path of ours, never another site. */
function safeReturn(wanted: string | null, origin: string): string {
  const url = wanted?.startsWith('/') ? URL.parse(wanted, origin) : null;
  if (url?.origin !== origin || url.pathname.startsWith('/auth/')) return '/';
  // Starting a path with two slashes would name another host once it is a Location.
  return `/${`${url.pathname}${url.search}${url.hash}`.replace(/^[/\\]+/, '')}`;
}

function redirect(response: ServerResponse, location: string, setCookies: readonly string[]): void {
  response
    .writeHead(303, { location, 'cache-control': 'no-store', ...(setCookies.length > 0 ? { 'set-cookie': [...setCookies] } : {}) })
    .end();
}
