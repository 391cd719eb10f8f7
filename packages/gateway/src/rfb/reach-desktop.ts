import type { Duplex } from 'node:stream';
import { GUI_PORT } from '@crownlabs/api';
import { type Clock, hasCode, LabError } from '@crownlabs/std';
import { createWebSocketStream, WebSocket } from 'ws';
import type { Dial } from '../environment/dial.ts';
import type { EnvironmentPod } from '../environment/environments.ts';
import { openUpstream, type Upstream } from './upstream.ts';

/** How the desktop of an environment is reached. */
export interface ReachOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  /** Path of websockify at the environment's own server. */
  readonly websocketPath: string;
}

const RFB_PORT = 5900;
const TRY_AGAIN_MS = 25;
const HANDSHAKE_MS = 5_000;

/** A connection to the desktop in `pod`, as soon as its server is up: RFB on 5900, or over a WebSocket on 6080. */
export async function reachDesktop(pod: EnvironmentPod, options: ReachOptions, signal: AbortSignal): Promise<Upstream> {
  const until = AbortSignal.any([signal, pod.gone]);
  for (;;) {
    until.throwIfAborted();
    for (const way of [plain, overWebSocket]) {
      const upstream = await attempt(() => way(pod, options, until), until);
      if (upstream) return upstream;
    }
    await options.clock.sleep(TRY_AGAIN_MS, until);
  }
}

async function attempt(open: () => Promise<Duplex>, signal: AbortSignal): Promise<Upstream | undefined> {
  try {
    return await openUpstream(await open(), AbortSignal.any([signal, AbortSignal.timeout(HANDSHAKE_MS)]));
  } catch (error) {
    if (signal.aborted) throw LabError.from(signal.reason, 'Timeout');
    // A desktop that is still starting refuses or hangs up; anything else would fail the same way again.
    if (hasCode(error, 'ServiceUnavailable', 'Timeout')) return undefined;
    throw error;
  }
}

function plain(pod: EnvironmentPod, { dial }: ReachOptions, signal: AbortSignal): Promise<Duplex> {
  return dial.open(pod, RFB_PORT, signal);
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
