import { PassThrough, Writable } from 'node:stream';
import { LabError, messageOf } from '@crownlabs/std';
import { WebSocket } from 'ws';
import { statusError } from './api-status.ts';
import { type ApiEndpoint, bearerOf, tlsOptions } from './http-transport.ts';
import { parseJson, readText } from './response-body.ts';

const CLOSE_CHANNEL = 255;

/** A WebSocket whose messages start with the number of the channel they belong to, as exec and port-forward use it. */
export interface ChannelSocket {
  /** v5 can tell the other side that a channel ended; v4 cannot. */
  readonly protocol: string;
  /** What arrives on a channel. Read it, or the socket stops after a while: nothing is buffered without bound. */
  incoming(channel: number): PassThrough;
  outgoing(channel: number): Writable;
  send(channel: number, text: string): Promise<void>;
  /** Resolves when the socket is closed, rejects when it broke. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Opens a channel socket; a refusal is thrown as the Status that the API answered. */
export async function openChannels(endpoint: ApiEndpoint, path: string, protocols: string[], signal: AbortSignal): Promise<ChannelSocket> {
  const socket = apiSocket(endpoint, path, protocols, signal);
  const channels = new Channels(socket);
  await opened(socket);
  return channels;
}

/** A WebSocket to the API that is not open yet: whoever listens to it now misses nothing. It ends with `signal`. */
export function apiSocket(endpoint: ApiEndpoint, path: string, protocols: string[], signal: AbortSignal): WebSocket {
  signal.throwIfAborted();
  const token = bearerOf(endpoint)();
  const socket = new WebSocket(endpoint.server.replace(/^http/, 'ws').replace(/\/$/, '') + path, protocols, {
    ...tlsOptions(endpoint),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  const abort = () => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
  return socket;
}

/** Resolves when the socket is open; a refusal is thrown as the Status that the API answered. */
export function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) =>
      reject(new LabError('ServiceUnavailable', `the API does not answer: ${messageOf(error)}`, { cause: error })),
    );
    socket.once('unexpected-response', (_request, answer) => {
      readText(answer)
        .then((text) => reject(statusError(answer.statusCode ?? 500, text.startsWith('{') ? parseJson(text) : text)))
        .catch(reject)
        .finally(() => socket.terminate());
    });
  });
}

class Channels implements ChannelSocket {
  readonly #socket: WebSocket;
  readonly #incoming = new Map<number, PassThrough>();
  readonly closed: Promise<void>;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.closed = promise;
    promise.catch(() => undefined);
    socket.on('message', (data: Buffer | ArrayBuffer | Buffer[]) => this.#take(asBuffer(data)));
    socket.on('error', reject);
    socket.on('close', () => {
      for (const stream of this.#incoming.values()) stream.end();
      resolve();
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  incoming(channel: number): PassThrough {
    const found = this.#incoming.get(channel);
    if (found) return found;
    const made = new PassThrough();
    made.on('drain', () => this.#socket.resume());
    this.#incoming.set(channel, made);
    return made;
  }

  outgoing(channel: number): Writable {
    const socket = this.#socket;
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => socket.send(Buffer.concat([Uint8Array.of(channel), chunk]), done),
      final: (done) => {
        if (socket.protocol.startsWith('v5') && socket.readyState === WebSocket.OPEN)
          socket.send(Uint8Array.of(CLOSE_CHANNEL, channel), done);
        else done();
      },
    });
  }

  send(channel: number, text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(Buffer.concat([Uint8Array.of(channel), Buffer.from(text)]), (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    this.#socket.close();
  }

  #take(message: Buffer): void {
    const channel = message[0];
    if (channel === undefined) return;
    if (channel === CLOSE_CHANNEL) {
      this.incoming(message[1] ?? 0).end();
      return;
    }
    const stream = this.incoming(channel);
    if (message.length === 1 || stream.writableEnded) return;
    if (!stream.write(message.subarray(1))) this.#socket.pause();
  }
}

function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
