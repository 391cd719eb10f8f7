import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ACTIONS, type Action } from '@crownlabs/auth';
import type { ObjectKey } from '@crownlabs/client';
import { LabError, type Logger, messageOf } from '@crownlabs/std';
import type { Connections } from './environment/connections.ts';
import type { EnvironmentKey, Environments } from './environment/environments.ts';
import type { TerminalDoor } from './environment/terminal-door.ts';
import type { WebAppDoor } from './environment/web-app-door.ts';
import type { Addresses } from './http/addresses.ts';
import { type Cookies, readCookies, withoutCookies } from './http/cookies.ts';
import { type Neighbour, onwardHeaders, proxy, proxyUpgrade } from './http/proxy.ts';
import { refuse, refuseUpgrade, wordsOf } from './http/refusal.ts';
import { securityHeaders } from './http/security-headers.ts';
import type { StaticFiles } from './http/static-files.ts';
import type { KeepDoor } from './keep/keep-door.ts';
import type { DesktopDoor } from './rfb/desktop-door.ts';
import type { Session, Sessions } from './session/sessions.ts';
import type { SignInDoor } from './session/sign-in-door.ts';

/** Parts of the router. */
export interface RouterOptions {
  readonly addresses: Addresses;
  readonly cookies: Cookies;
  readonly sessions: Sessions;
  readonly connections: Connections;
  readonly environments: Environments;
  readonly log: Logger;
  readonly relay: Neighbour;
  readonly identity: Neighbour | undefined;
  readonly reboot: (machine: ObjectKey) => Promise<void>;
  readonly signIn: SignInDoor;
  readonly files: StaticFiles;
  readonly apps: WebAppDoor;
  readonly desktops: DesktopDoor;
  readonly terminals: TerminalDoor;
  readonly keep: KeepDoor;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly pathname: string;
}

interface Route {
  readonly path: RegExp;
  readonly methods?: readonly string[];
  /** Set: the request may come from anywhere, as it carries no session of ours. */
  readonly anyOrigin?: boolean;
  readonly serve: (call: Call) => Promise<void>;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const DOWN = 'The service behind this page is restarting; open desktops keep running.';

/** Which door a request goes to. */
export class Router {
  readonly #options: RouterOptions;
  readonly #routes: readonly Route[];
  readonly #headers: Readonly<Record<string, string>>;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#headers = securityHeaders(options.addresses);
    const { signIn, files, apps } = options;
    // Read from the top; the first path that fits decides.
    this.#routes = [
      {
        path: /^\/healthz$/,
        methods: ['GET'],
        serve: async ({ response }) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n'),
      },
      { path: /^\/auth\/login$/, methods: ['GET'], serve: ({ request, response }) => signIn.login(request, response) },
      { path: /^\/auth\/callback$/, methods: ['GET'], serve: ({ request, response }) => signIn.callback(request, response) },
      { path: /^\/auth\/logout$/, methods: ['POST'], serve: ({ request, response }) => signIn.logout(request, response) },
      { path: /^\/auth\/me$/, methods: ['GET'], serve: async ({ request, response }) => signIn.me(await this.#session(request), response) },
      { path: /^\/oidc(\/|$)/, anyOrigin: true, serve: (call) => this.#identity(call) },
      { path: /^\/graph$/, methods: ['POST'], serve: (call) => this.#relay(call) },
      { path: /^\/graph\/schema$/, methods: ['GET'], serve: (call) => this.#relay(call) },
      { path: /^\/api\/instances\/[^/]+\/[^/]+\/access$/, methods: ['GET'], serve: (call) => this.#access(call) },
      { path: /^\/api\/machines\/[^/]+\/[^/]+\/[^/]+\/reboot$/, methods: ['POST'], serve: (call) => this.#reboot(call) },
      { path: /^\/keep\/[^/]+$/, methods: ['GET', 'POST'], serve: (call) => this.#keep(call) },
      { path: /^\/(api|auth|graph|keep)(\/|$)/, serve: async () => nothingHere() },
      {
        path: /^\/instance\/[^/]+\/[^/]+/,
        methods: ['GET'],
        serve: async ({ request, response }) => apps.redirect(request, response, await this.#session(request)),
      },
      { path: /^\//, methods: ['GET', 'HEAD'], serve: ({ request, response, pathname }) => files.serve(request, response, pathname) },
    ];
  }

  request(request: IncomingMessage, response: ServerResponse): void {
    this.#serve(request, response).catch((error: unknown) => {
      this.#note(request, error);
      if (this.#goSignIn(request, response, error)) return;
      refuse(request, response, { error, origin: this.#options.addresses.origin });
    });
  }

  upgrade(request: IncomingMessage, near: { socket: Duplex; head: Buffer }): void {
    near.socket.on('error', () => near.socket.destroy());
    this.#serveUpgrade(request, near).catch((error: unknown) => {
      this.#note(request, error);
      refuseUpgrade(near.socket, error);
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { addresses, apps } = this.#options;
    const place = addresses.placeOf(request.headers.host);
    if (place.kind === 'app') return apps.serve(request, response, place);
    if (place.kind === 'elsewhere') return elsewhere(request, response, addresses.origin);
    for (const [name, value] of Object.entries(this.#headers)) response.setHeader(name, value);
    const pathname = pathOf(request);
    const route = this.#routes.find(({ path }) => path.test(pathname)) ?? nothingHere();
    if (route.methods && !route.methods.includes(request.method ?? '')) {
      response.setHeader('allow', route.methods.join(', '));
      throw new LabError('MethodNotAllowed', `This address takes ${route.methods.join(' and ')}.`);
    }
    if (!route.anyOrigin && !SAFE.has(request.method ?? '')) this.#demandOwnOrigin(request);
    await route.serve({ request, response, pathname });
  }

  async #serveUpgrade(request: IncomingMessage, near: { socket: Duplex; head: Buffer }): Promise<void> {
    const { addresses, apps, desktops, terminals } = this.#options;
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') throw new LabError('BadRequest', 'Only WebSockets are spoken here.');
    const place = addresses.placeOf(request.headers.host);
    if (place.kind === 'app') return apps.upgrade(request, near, place);
    if (place.kind === 'elsewhere') throw new LabError('NotFound', 'This address belongs to nobody here.');
    this.#demandOwnOrigin(request);
    const pathname = pathOf(request);
    const session = await this.#session(request);
    if (pathname === '/graph/subscription') return this.#subscription(request, near, session);
    const [, door, key] = environmentOf(pathname);
    if (door === 'rfb') return desktops.upgrade(session, key, { request, ...near });
    return terminals.upgrade(session, key, { request, ...near });
  }

  async #relay({ request, response }: Call): Promise<void> {
    const session = await this.#options.sessions.fresh(await this.#session(request));
    const { addresses, relay } = this.#options;
    const headers = onwardHeaders(request, addresses.origin);
    delete headers['cookie'];
    headers['authorization'] = `Bearer ${session.bearer}`;
    await proxy(request, response, { to: relay, path: request.url ?? '/', headers, unavailable: DOWN });
  }

  async #subscription(request: IncomingMessage, near: { socket: Duplex; head: Buffer }, found: Session): Promise<void> {
    const { addresses, relay, sessions } = this.#options;
    const session = await sessions.fresh(found);
    const headers = onwardHeaders(request, addresses.origin);
    delete headers['cookie'];
    headers['authorization'] = `Bearer ${session.bearer}`;
    await proxyUpgrade(request, near, { to: relay, path: '/graph/subscription', headers, unavailable: DOWN });
    const stop = sessions.onEnd((id) => id === session.id && near.socket.destroy());
    near.socket.once('close', stop);
  }

  async #identity({ request, response }: Call): Promise<void> {
    const { addresses, cookies, identity } = this.#options;
    if (!identity) return nothingHere();
    const headers = onwardHeaders(request, addresses.origin);
    // The provider has cookies of its own on this origin; the session is none of its business.
    delete headers['cookie'];
    const kept = withoutCookies(request.headers.cookie, (name) => name === cookies.session || name === cookies.signIn);
    if (kept) headers['cookie'] = kept;
    // Its pages bring a stricter policy of their own.
    await proxy(request, response, { to: identity, path: request.url ?? '/', headers, unavailable: DOWN });
  }

  async #access({ request, response, pathname }: Call): Promise<void> {
    const { environments, connections } = this.#options;
    const session = await this.#session(request);
    const [, , , namespace = '', name = ''] = pathname.split('/').map(decoded);
    const actions = Object.keys(ACTIONS) as Action[];
    const answers = await Promise.all(
      actions.map(async (action) => [action, await connections.may(session, action, { namespace, name })] as const),
    );
    // A stranger learns nothing, not even that there is such an instance.
    if (!answers.some(([, allowed]) => allowed)) throw new LabError('Forbidden', `You may not use ${name}.`);
    environments.instance({ namespace, name });
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
    response.end(JSON.stringify(Object.fromEntries(answers)));
  }

  async #reboot({ request, response, pathname }: Call): Promise<void> {
    const { environments, connections, reboot } = this.#options;
    const session = await this.#session(request);
    const [, , , namespace = '', name = '', environment = ''] = pathname.split('/').map(decoded);
    await connections.demand(session, 'power', { namespace, name });
    const machine = environments.pod({ namespace, name, environment })?.machine;
    if (!machine) throw new LabError('Conflict', 'Only a virtual machine that runs can be restarted.');
    await reboot(machine);
    response.writeHead(204, { 'cache-control': 'no-store' }).end();
  }

  async #keep({ request, response, pathname }: Call): Promise<void> {
    const ticket = pathname.slice('/keep/'.length);
    await this.#options.keep.serve(request, response, { ticket, session: await this.#session(request) });
  }

  async #session(request: IncomingMessage): Promise<Session> {
    const { sessions, cookies } = this.#options;
    const session = await sessions.find(readCookies(request.headers.cookie).get(cookies.session));
    if (!session) throw new LabError('Unauthorized', 'Please sign in.');
    return session;
  }

  #demandOwnOrigin(request: IncomingMessage): void {
    if (request.headers.origin !== this.#options.addresses.origin) throw new LabError('Forbidden', 'This request came from another site.');
  }

  /** People who follow a link to an environment are led through the sign-in and back. */
  #goSignIn(request: IncomingMessage, response: ServerResponse, error: unknown): boolean {
    const page = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (!page || wordsOf(error).status !== 401 || response.headersSent || !/^\/(instance|keep)\//.test(pathOf(request))) return false;
    const location = `/auth/login?return=${encodeURIComponent(request.url ?? '/')}`;
    response.writeHead(303, { location, 'cache-control': 'no-store' }).end();
    return true;
  }

  #note(request: IncomingMessage, error: unknown): void {
    const { status } = wordsOf(error);
    if (status < 500) return;
    this.#options.log.warn('Request failed', { method: request.method, path: pathOf(request), status, error: messageOf(error) });
  }
}

/** A name that is not ours: people are led to the one that is, so that cookies and links fit. */
function elsewhere(request: IncomingMessage, response: ServerResponse, origin: string): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new LabError('NotFound', `This installation is served at ${origin}.`);
  const path = (request.url ?? '/').replace(/^[/\\]*/, '/');
  response.writeHead(308, { location: `${origin}${path}`, 'cache-control': 'no-store' }).end();
}

function environmentOf(pathname: string): [string, 'rfb' | 'terminal', EnvironmentKey] {
  const [, door, ...parts] = /^\/api\/(rfb|terminal)\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
  const [namespace = '', name = '', environment = ''] = parts.map(decoded);
  if (door !== 'rfb' && door !== 'terminal') return nothingHere();
  return [pathname, door, { namespace, name, environment }];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new LabError('BadRequest', 'The address is not well formed.');
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/';
}

function nothingHere(): never {
  throw new LabError('NotFound', 'There is nothing at this address.');
}
