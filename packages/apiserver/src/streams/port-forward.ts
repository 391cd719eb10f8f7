import type { Duplex } from 'node:stream';
import { LabError, messageOf } from '@crownlabs/std';
import type { WebSocket } from 'ws';
import { bytesOf, sendOn } from './channels.ts';
import { SpdyConnection, type SpdyStream } from './spdy-connection.ts';

/** Opens a connection to a port of the pod. */
export type Dial = (port: number) => Promise<Duplex>;

/** Port-forward as current kubectl speaks it: SPDY frames inside a WebSocket, a pair of streams for each connection. */
export function serveTunnelledForward(socket: WebSocket, dial: Dial): void {
  const waiting = new Map<string, SpdyStream>();
  const connections = new Set<Duplex>();
  const connection = new SpdyConnection({
    send: (bytes) => socket.readyState === socket.OPEN && socket.send(bytes),
    failed: () => socket.close(1002),
    opened(stream) {
      const request = stream.headers.get('requestid') ?? '';
      const other = waiting.get(request);
      if (!other) {
        waiting.set(request, stream);
        return;
      }
      waiting.delete(request);
      const [data, error] = stream.headers.get('streamtype') === 'data' ? [stream, other] : [other, stream];
      void joinStreams(data, error, dial, connections);
    },
  });
  socket.on('message', (message) => connection.receive(bytesOf(message)));
  socket.once('close', () => {
    connection.close();
    for (const one of connections) one.destroy();
  });
}

async function joinStreams(data: SpdyStream, error: SpdyStream, dial: Dial, connections: Set<Duplex>): Promise<void> {
  const early: Buffer[] = [];
  let ended = false;
  data.onData = (chunk) => void early.push(chunk);
  data.onEnd = () => {
    ended = true;
  };
  try {
    const target = await dial(portOf(data.headers.get('port')));
    connections.add(target);
    for (const chunk of early) target.write(chunk);
    if (ended) target.end();
    data.onData = (chunk) => void target.write(chunk);
    data.onEnd = () => target.end();
    for await (const chunk of target as AsyncIterable<Uint8Array>) data.write(chunk);
    connections.delete(target);
  } catch (failure) {
    error.write(Buffer.from(messageOf(failure)));
  }
  data.end();
  error.end();
}

/** Port-forward of older clients: two channels for each port of the query, the first two bytes of each naming the port. */
export async function serveChannelForward(socket: WebSocket, ports: readonly number[], dial: Dial): Promise<void> {
  const targets = ports.map((port) => dial(port));
  // Told on the error channel below, once the client knows which channel is whose.
  for (const target of targets) target.catch(() => undefined);
  for (const [index, port] of ports.entries()) {
    const name = Buffer.alloc(2);
    name.writeUInt16LE(port);
    await sendOn(socket, index * 2, name);
    await sendOn(socket, index * 2 + 1, name);
  }
  socket.on('message', (message) => {
    const bytes = bytesOf(message);
    const channel = bytes[0] ?? 0;
    const target = channel % 2 === 0 ? targets[channel / 2] : undefined;
    // A target that could not be reached has told so on its error channel.
    target?.then((one) => one.write(bytes.subarray(1))).catch(() => undefined);
  });
  socket.once('close', () => {
    for (const target of targets) target.then((one) => one.destroy()).catch(() => undefined);
  });
  await Promise.all(targets.map((target, index) => copyTo(socket, target, index)));
  socket.close(1000);
}

async function copyTo(socket: WebSocket, target: Promise<Duplex>, index: number): Promise<void> {
  try {
    for await (const chunk of (await target) as AsyncIterable<Uint8Array>) await sendOn(socket, index * 2, chunk);
  } catch (error) {
    await sendOn(socket, index * 2 + 1, Buffer.from(messageOf(error)));
  }
}

/** The ports of a query. */
export function portsOf(query: URLSearchParams): number[] {
  return query.getAll('ports').flatMap((text) => text.split(',').map(portOf));
}

function portOf(text: string | undefined): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new LabError('BadRequest', `port ${JSON.stringify(text ?? '')} is not valid`);
  return port;
}
