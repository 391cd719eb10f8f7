import { createConnection, type Socket } from 'node:net';
import { type ApiEndpoint, podStreams } from '@crownlabs/client';
import { type Probe, rfbProbe } from '@crownlabs/operators';
import { type Clock, LabError } from '@crownlabs/std';

/** Our own address as the API sees it: that of a connection which we open to it. */
export async function addressTowards({ server }: ApiEndpoint): Promise<string> {
  const { hostname, port, protocol } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = await connected(host, Number(port || (protocol === 'https:' ? 443 : 80)), AbortSignal.timeout(10_000));
  const address = socket.localAddress ?? '';
  socket.destroy();
  if (address === '') throw new LabError('ServiceUnavailable', `${server} cannot be reached, so it cannot be told where we are`);
  // An IPv4 address on a socket of both families.
  return address.replace(/^::ffff:/, '');
}

/** How desktops are asked whether they answer. */
export function desktopProbe(how: 'direct' | 'portforward' | 'none', endpoint: ApiEndpoint, clock: Clock): Probe {
  if (how === 'none') return async () => false;
  if (how === 'direct') return rfbProbe(({ ip }, port, signal) => connected(ip, port, signal));
  const streams = podStreams(endpoint);
  const through = rfbProbe((pod, port, signal) => streams.portForward(pod, port, signal));
  return async (pod, port, signal) => {
    if (await through(pod, port, signal)) return true;
    // Each try costs the API a connection to the node; a desktop that is slow is not worth twenty a second.
    await clock.sleep(THROUGH_API_EVERY_MS, signal).catch(() => undefined);
    return false;
  };
}

const THROUGH_API_EVERY_MS = 1_000;

function connected(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, signal });
    socket.once('connect', () => resolve(socket.off('error', reject)));
    socket.once('error', reject);
  });
}
