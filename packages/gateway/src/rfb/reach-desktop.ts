import type { Duplex } from 'node:stream';
import { GUI_PORT } from '@crownlabs/api';
import { type Clock, hasCode, LabError } from '@crownlabs/std';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Dial } from '../environment/dial.ts';
import type { EnvironmentPod } from '../environment/environments.ts';
import type { OpenMachine } from '../environment/machine-console.ts';
import { openUpstream, type Upstream } from './upstream.ts';

/** How the desktop of an environment is reached. */
export interface ReachOptions {
  readonly dial: Dial;
  readonly machines: OpenMachine;
  readonly clock: Clock;
  /** Path of websockify at the environment's own server. */
  readonly websocketPath: string;
  /** Whether the environment itself shows a desktop; a machine has its hypervisor's screen in any case. */
  readonly inside: boolean;
}

const RFB_PORT = 5900;
const TRY_AGAIN_MS = { container: 25, machine: 250 };
const HANDSHAKE_MS = 5_000;

/**
 * A connection to the desktop in `pod`, as soon as its server is up: RFB on 5900, or over a WebSocket on 6080, or the screen of a machine as
 * its hypervisor draws it. `signal` ends the attempts; the connection lives until its pod is gone.
 */
export async function reachDesktop(pod: EnvironmentPod, options: ReachOptions, signal: AbortSignal): Promise<Upstream> {
  const until = AbortSignal.any([signal, pod.gone]);
  for (;;) {
    until.throwIfAborted();
    for (const way of waysTo(pod, options)) {
      const upstream = await attempt((opening) => way(pod, options, opening), until);
      if (upstream) return endingWith(pod.gone, upstream);
    }
    await options.clock.sleep(pod.machine ? TRY_AGAIN_MS.machine : TRY_AGAIN_MS.container, until);
  }
}

type Way = (pod: EnvironmentPod, options: ReachOptions, signal: AbortSignal) => Promise<Duplex>;

function waysTo({ machine }: EnvironmentPod, { inside }: ReachOptions): Way[] {
  if (!machine) return [plain, overWebSocket];
  // What forwards to a guest accepts for ports that nobody listens on, so the port that was seen to answer comes first.
  return inside ? [overWebSocket, plain, screen] : [screen];
}

async function attempt(open: (signal: AbortSignal) => Promise<Duplex>, until: AbortSignal): Promise<Upstream | undefined> {
  // What is opened ends with its signal for ever after, so it must not have one that times out.
  const opening = new AbortController();
  const abort = () => opening.abort(until.reason);
  until.addEventListener('abort', abort, { once: true });
  try {
    return await openUpstream(await open(opening.signal), AbortSignal.any([until, AbortSignal.timeout(HANDSHAKE_MS)]));
  } catch (error) {
    if (until.aborted) throw LabError.from(until.reason, 'Timeout');
    // A desktop that is still starting refuses or hangs up; anything else would fail the same way again.
    if (hasCode(error, 'ServiceUnavailable', 'Timeout')) return undefined;
    throw error;
  } finally {
    until.removeEventListener('abort', abort);
  }
}

function endingWith(gone: AbortSignal, upstream: Upstream): Upstream {
  const end = () => upstream.socket.destroy();
  if (gone.aborted) end();
  gone.addEventListener('abort', end, { once: true });
  upstream.socket.once('close', () => gone.removeEventListener('abort', end));
  return upstream;
}

function plain(pod: EnvironmentPod, { dial }: ReachOptions, signal: AbortSignal): Promise<Duplex> {
  return dial.open(pod, RFB_PORT, signal);
}

async function screen({ machine }: EnvironmentPod, { machines }: ReachOptions, signal: AbortSignal): Promise<Duplex> {
  if (!machine) throw new LabError('ServiceUnavailable', 'Only machines have a screen of their own.');
  try {
    return await machines(machine, 'vnc', signal);
  } catch (error) {
    // A machine that starts or restarts is told as one that is not there, or does not run.
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
    throw new LabError('ServiceUnavailable', error.message, { cause: error });
  }
}

async function overWebSocket(pod: EnvironmentPod, { dial, websocketPath }: ReachOptions, signal: AbortSignal): Promise<Duplex> {
  const connection = await dial.open(pod, GUI_PORT, signal);
  const ws = new WebSocket(`ws://${pod.ip}:${GUI_PORT}${websocketPath}`, ['binary'], {
    createConnection: () => connection,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  return new Promise((resolve, reject) => {
    ws.once('error', (cause) => reject(new LabError('ServiceUnavailable', 'The desktop does not answer.', { cause })));
    ws.once('open', () => {
      const stream = createWebSocketStream(ws);
      // Whoever takes the stream listens for its end; an error before that must not end the process.
      stream.on('error', () => undefined);
      resolve(stream);
    });
  });
}
