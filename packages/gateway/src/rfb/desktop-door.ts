import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { instancePath } from '@crownlabs/api';
import type { UseReports } from '@crownlabs/auth';
import { type Clock, LabError, type Logger, messageOf } from '@crownlabs/std';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Connections } from '../environment/connections.ts';
import type { Dial } from '../environment/dial.ts';
import type { EnvironmentKey, EnvironmentPod, Environments } from '../environment/environments.ts';
import type { OpenMachine } from '../environment/machine-console.ts';
import type { Session } from '../session/sessions.ts';
import { Desktop } from './desktop.ts';
import { reachDesktop } from './reach-desktop.ts';
import type { Upstream } from './upstream.ts';
import { CLOSE, Viewer } from './viewer.ts';

/** Parts of the door to desktops. */
export interface DesktopDoorOptions {
  readonly environments: Environments;
  readonly connections: Connections;
  readonly dial: Dial;
  readonly machines: OpenMachine;
  readonly uses: Pick<UseReports, 'used'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const LARGEST_MESSAGE = 4 * 1024 * 1024 + 64;
// From "Start" to the first frame on a slow machine; a browser that waited longer shows what is wrong from the Instance.
const LONGEST_WAIT_MS = 120_000;
const PING_MS = 20_000;

/** `/api/rfb/<namespace>/<instance>/<env>`: a desktop, for any number of viewers. */
export class DesktopDoor {
  readonly #options: DesktopDoorOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: LARGEST_MESSAGE,
    handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false),
  });
  readonly #desktops = new Map<string, Desktop>();

  constructor(options: DesktopDoorOptions) {
    this.#options = options;
  }

  async upgrade(session: Session, key: EnvironmentKey, near: { request: IncomingMessage; socket: Duplex; head: Buffer }): Promise<void> {
    const { environments, connections, uses, log } = this.#options;
    const asked = new URL(near.request.url ?? '/', 'http://door').searchParams;
    const wantsControl = asked.get('view') !== '1';
    const wantsScreen = asked.get('screen') === '1';
    const action = wantsControl ? 'control' : 'view';
    // The right first: a stranger must not learn what exists.
    await connections.demand(session, action, key);
    const instance = environments.instance(key);
    if (!environments.has(instance, key.environment)) throw new LabError('NotFound', 'There is no such environment.');
    this.#server.handleUpgrade(near.request, near.socket, near.head, (ws) => {
      const viewer = new Viewer(ws, near.socket, wantsControl);
      const close = (why: 'signed-out' | 'revoked') =>
        why === 'revoked'
          ? viewer.close(CLOSE.revoked, 'You may no longer see this desktop.')
          : viewer.close(CLOSE.signedOut, 'You are signed out.');
      connections.track(session, { action, key, close }, near.socket);
      keepAlive(ws);
      // Looking on, or an open window, is no use; keys and clicks are.
      if (wantsControl) uses.used(instance);
      viewer.onInput(() => uses.used(instance));
      log.info('Desktop opened', { person: session.person.name, instance: key.name, environment: key.environment, control: wantsControl });
      void this.#show(viewer, key, wantsScreen);
    });
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
  }

  async #show(viewer: Viewer, key: EnvironmentKey, wantsScreen: boolean): Promise<void> {
    const { environments, log } = this.#options;
    const closed = new AbortController();
    viewer.onClose(() => closed.abort(new LabError('Expired', 'The viewer left.')));
    const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(LONGEST_WAIT_MS)]);
    try {
      // The viewer is greeted at once; whoever comes before the desktop is up waits for it here, without asking again.
      const greeted = viewer.greet();
      const pod = await environments.podWhenThere(key, signal);
      const inside = !wantsScreen && environments.hasDesktopInside(key, pod);
      await this.#desktop(pod, key, inside).join(viewer, greeted, signal);
    } catch (error) {
      if (closed.signal.aborted) return;
      log.warn('Desktop could not be shown', { instance: key.name, environment: key.environment, error: messageOf(error) });
      viewer.close(CLOSE.unreachable, 'The desktop does not answer.');
    }
  }

  /** What is seen inside a machine and what its hypervisor draws are two pictures. */
  #desktop({ uid }: EnvironmentPod, key: EnvironmentKey, inside: boolean): Desktop {
    const id = `${uid} ${inside ? 'inside' : 'screen'}`;
    const known = this.#desktops.get(id);
    if (known) return known;
    const reach = this.#reach(key, inside);
    const desktop = new Desktop({ reach, log: this.#options.log, onEmpty: () => this.#desktops.delete(id) });
    this.#desktops.set(id, desktop);
    return desktop;
  }

  #reach(key: EnvironmentKey, inside: boolean): (signal: AbortSignal) => Promise<Upstream> {
    const { environments, dial, machines, clock } = this.#options;
    return async (signal) => {
      const pod = await environments.podWhenThere(key, signal);
      const instance = environments.instance(key);
      const base = instancePath(instance.metadata.uid ?? '', key.environment);
      const websocketPath = environments.pathInside(instance, key.environment, `${base}websockify`);
      return reachDesktop(pod, { dial, machines, clock, websocketPath, inside }, signal);
    };
  }
}

/** Ends connections whose far side vanished without a word. */
function keepAlive(ws: WebSocket): void {
  let heard = true;
  ws.on('pong', () => {
    heard = true;
  });
  const timer = setInterval(() => {
    if (!heard) return ws.terminate();
    heard = false;
    ws.ping();
  }, PING_MS);
  ws.once('close', () => clearInterval(timer));
}
