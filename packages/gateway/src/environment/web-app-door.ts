import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { GUI_PORT, type Instance, instancePath } from '@crownlabs/api';
import { challengeOf, type Tickets, type UseReports } from '@crownlabs/auth';
import { LabError } from '@crownlabs/std';
import type { Addresses } from '../http/addresses.ts';
import { type Cookies, readCookies, withoutCookies } from '../http/cookies.ts';
import { onwardHeaders, proxy, proxyUpgrade, type Target } from '../http/proxy.ts';
import { newSecret } from '../session/seal.ts';
import type { Session, Sessions, Visit } from '../session/sessions.ts';
import type { Connections } from './connections.ts';
import type { Dial } from './dial.ts';
import type { EnvironmentPod, Environments } from './environments.ts';

/** Parts of the door to web apps. */
export interface WebAppOptions {
  readonly addresses: Addresses;
  readonly cookies: Cookies;
  readonly environments: Environments;
  readonly sessions: Sessions;
  readonly connections: Connections;
  readonly tickets: Tickets<Session>;
  readonly dial: Dial;
  readonly uses: Pick<UseReports, 'used'>;
}

/** Where at an environment's origin a request goes. */
interface AppPlace {
  readonly label: string;
  readonly origin: string;
}

const TICKET = 'crownlabs-ticket';
const CHALLENGE = 'crownlabs-challenge';
const NONCE_SECONDS = 60;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Web apps of environments. Each lives on an origin of its own, since what it serves is hostile to every other page.
 * A browser gets in with a ticket: origin (nonce) → product (session, right, ticket) → origin (ticket for a cookie).
 */
export class WebAppDoor {
  readonly #options: WebAppOptions;
  // Idle connections are kept for the next request of the page; the environment's end closes them.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 32, timeout: 60_000 });

  constructor(options: WebAppOptions) {
    this.#options = options;
  }

  /** `/instance/<uid>/<env>/…` on the product's origin: sends the browser to the environment's own, with a ticket if asked. */
  async redirect(request: IncomingMessage, response: ServerResponse, session: Session): Promise<void> {
    const { addresses, environments, connections, tickets } = this.#options;
    const url = new URL(request.url ?? '/', addresses.origin);
    const [, , uid = '', environment = ''] = url.pathname.split('/');
    const instance = environments.instanceByUid(uid);
    if (!instance || !environments.has(instance, environment)) throw new LabError('NotFound', 'There is no such environment.');
    await connections.demand(session, 'web', keyOf(instance));
    const origin = addresses.appOrigin(uid, environment);
    if (!origin)
      throw new LabError(
        'ServiceUnavailable',
        'Web apps need a wildcard host name, and this installation has none. Desktops and terminals work.',
      );
    const challenge = url.searchParams.get(CHALLENGE);
    url.searchParams.delete(CHALLENGE);
    const back = new URL(`${url.pathname}${url.search}`, origin);
    if (url.pathname === instancePath(uid, environment).slice(0, -1)) back.pathname += '/';
    if (challenge) back.searchParams.set(TICKET, tickets.issue({ subject: session, place: origin, challenge }));
    send(response, back.href);
  }

  /** A request at an environment's own origin. */
  async serve(request: IncomingMessage, response: ServerResponse, place: AppPlace): Promise<void> {
    const url = new URL(request.url ?? '/', place.origin);
    const ticket = url.searchParams.get(TICKET);
    if (ticket) return this.#enter({ request, response, place, url, ticket });
    const visit = await this.#visit(request, place);
    if (!visit) return this.#askForTicket({ request, response, place, url });
    demandOwnOrigin(request, place);
    const { instance, environment } = await this.#admit(visit);
    if (url.pathname === '/') return send(response, instancePath(visit.uid, environment));
    const pod = this.#pod(instance, environment);
    // A page that asks by itself cannot be told from a person: what is open counts as used.
    this.#options.uses.used(instance);
    await proxy(request, response, await this.#target({ request, place, instance, environment, pod }));
  }

  async upgrade(request: IncomingMessage, near: { socket: Duplex; head: Buffer }, place: AppPlace): Promise<void> {
    demandOwnOrigin(request, place, true);
    const visit = await this.#visit(request, place);
    if (!visit) throw new LabError('Unauthorized', 'Open the page of the environment first.');
    const { instance, environment } = await this.#admit(visit);
    const pod = this.#pod(instance, environment);
    const far = await proxyUpgrade(request, near, await this.#target({ request, place, instance, environment, pod }));
    this.#options.connections.track(
      visit.session,
      { action: 'web', key: keyOf(instance), close: () => near.socket.destroy() },
      near.socket,
    );
    pod.gone.addEventListener('abort', () => far.destroy(), { once: true });
    near.socket.on('data', () => this.#options.uses.used(instance));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #visit(request: IncomingMessage, { label }: AppPlace): Promise<Visit | undefined> {
    const { cookies, sessions, environments } = this.#options;
    const visit = await sessions.findVisit(readCookies(request.headers.cookie).get(cookies.app));
    if (!visit) return undefined;
    const here = environments.byOrigin(label);
    // The cookie of one environment opens no other, not even one whose page planted it there.
    return here?.instance.metadata.uid === visit.uid && here.environment === visit.environment ? visit : undefined;
  }

  async #admit({ session, uid, environment }: Visit): Promise<{ instance: Instance; environment: string }> {
    const instance = this.#options.environments.instanceByUid(uid);
    if (!instance) throw new LabError('NotFound', 'This environment was deleted.');
    await this.#options.connections.demand(session, 'web', keyOf(instance));
    return { instance, environment };
  }

  #pod(instance: Instance, environment: string): EnvironmentPod {
    const pod = this.#options.environments.pod({ ...keyOf(instance), environment });
    if (!pod) throw new LabError('ServiceUnavailable', 'This environment is not running. Start it in your lab, and its page comes here.');
    return pod;
  }

  async #askForTicket(visit: { request: IncomingMessage; response: ServerResponse; place: AppPlace; url: URL }): Promise<void> {
    const { addresses, cookies, environments } = this.#options;
    const { request, response, place, url } = visit;
    const here = environments.byOrigin(place.label);
    if (!here) throw new LabError('NotFound', 'There is no such environment.');
    // Only a page that somebody looks at can be led through a sign-in; a script's request is told the truth.
    if (request.method !== 'GET' || !(request.headers.accept ?? '').includes('text/html'))
      throw new LabError('Unauthorized', 'Sign in first.');
    const { secret } = newSecret();
    const base = instancePath(here.instance.metadata.uid ?? '', here.environment);
    const back = new URL(url.pathname.startsWith(base) ? `${url.pathname}${url.search}` : base, addresses.origin);
    back.searchParams.set(CHALLENGE, challengeOf(secret));
    response.setHeader('set-cookie', cookies.set(cookies.nonce, secret, NONCE_SECONDS));
    send(response, back.href);
  }

  async #enter(visit: { request: IncomingMessage; response: ServerResponse; place: AppPlace; url: URL; ticket: string }): Promise<void> {
    const { cookies, sessions, tickets, environments } = this.#options;
    const { request, response, place, url, ticket } = visit;
    const nonce = readCookies(request.headers.cookie).get(cookies.nonce) ?? '';
    const session = tickets.redeem(ticket, { place: place.origin, nonce });
    const here = environments.byOrigin(place.label);
    if (!session || !here)
      throw new LabError('Forbidden', 'This link was used already, or is not yours. Open the environment from the dashboard.');
    const secret = await sessions.startVisit(session, here.instance.metadata.uid ?? '', here.environment);
    url.searchParams.delete(TICKET);
    response.setHeader('set-cookie', [cookies.set(cookies.app, secret, 24 * 3600), cookies.clear(cookies.nonce)]);
    response.setHeader('referrer-policy', 'no-referrer');
    send(response, `${url.pathname}${url.search}`);
  }

  async #target(to: {
    request: IncomingMessage;
    place: AppPlace;
    instance: Instance;
    environment: string;
    pod: EnvironmentPod;
  }): Promise<Target> {
    const { environments, dial } = this.#options;
    const { request, place, instance, environment, pod } = to;
    const headers = onwardHeaders(request, place.origin);
    delete headers['authorization'];
    delete headers['cookie'];
    const kept = withoutCookies(request.headers.cookie, isOurs);
    if (kept) headers['cookie'] = kept;
    // Straight where the address can be reached, and kept alive; through the API otherwise.
    const straight = await dial.isStraight(pod, GUI_PORT);
    return {
      to: straight ? { host: pod.ip, port: GUI_PORT } : { connection: await dial.open(pod, GUI_PORT, pod.gone) },
      agent: this.#agent,
      path: environments.pathInside(instance, environment, request.url ?? '/'),
      headers,
      answer: fromApp,
      unavailable: 'The environment runs, and nothing in it answers yet. It may still be starting.',
    };
  }
}

const isOurs = (name: string) => /^(__Host-)?crownlabs-/i.test(name);

/** An app may set cookies for its own host, but neither ours nor any for its neighbours. */
function fromApp(headers: Record<string, string | string[]>): Record<string, string | string[]> {
  const { 'set-cookie': set, ...rest } = headers;
  const lines = [set ?? []].flat().filter((line) => !isOurs(line.split('=', 1)[0]?.trim() ?? ''));
  const own = lines.map((line) => line.replace(/;\s*domain=[^;]*/gi, ''));
  delete rest['strict-transport-security'];
  return {
    ...rest,
    ...(own.length > 0 ? { 'set-cookie': own } : {}),
    'cross-origin-opener-policy': 'same-origin-allow-popups',
    'x-frame-options': 'SAMEORIGIN',
    'origin-agent-cluster': '?1',
  };
}

function demandOwnOrigin({ method = '', headers }: IncomingMessage, { origin }: AppPlace, always = false): void {
  if (!always && SAFE.has(method)) return;
  if (headers.origin === origin) return;
  // A page under `no-referrer` sends no origin with its forms; the browser says all the same where they came from.
  const hidden = headers.origin === undefined || headers.origin === 'null';
  if (!always && hidden && headers['sec-fetch-site'] === 'same-origin') return;
  throw new LabError('Forbidden', 'This request came from another site.');
}

function keyOf({ metadata: { name, namespace = '' } }: Instance) {
  return { namespace, name };
}

function send(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'cache-control': 'no-store' }).end();
}
