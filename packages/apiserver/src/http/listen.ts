import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '@crownlabs/std';
import type { Handler } from '../exchange.ts';
import { StatusError, toStatus } from '../status-error.ts';
import { incomingOf } from './receive.ts';
import { send } from './send.ts';
import { TurnEnd } from './turn-end.ts';

/** A key and certificate, and who may prove himself with a certificate of his own. */
export interface TlsOptions {
  readonly key: string;
  readonly cert: string;
  readonly clientCa?: string;
}

/** Where to listen. Port 0 picks a free one. Without `tls` it is plain HTTP. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions;
}

/** An open port. */
export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
}

/** Takes over a connection that wants another protocol. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

type AnyServer = Server | Http2SecureServer;

// Longer than clients of Kubernetes keep an unused connection: it is for them to close it, or a request would meet a closed one.
const CONNECTION = { keepAliveTimeout: 120_000 };

/** Serves `handler` on a port: HTTP/2 and HTTP/1.1 over TLS, or HTTP/1.1 alone. */
export async function listen(options: ListenOptions, handler: Handler, upgrade: UpgradeHandler, log: Logger): Promise<Listener> {
  const { host, port, tls } = options;
  const turns = new TurnEnd();
  const serve = (request: IncomingMessage | Http2ServerRequest, response: ServerResponse | Http2ServerResponse) => {
    serveOne(handler, turns.coming(), request, response).catch((error: unknown) => {
      log.error('Answer failed', { error: String(error) });
      response.destroy();
    });
  };
  const server = tls ? secure(tls, serve) : createServer(CONNECTION, serve);
  const sockets = connections(server);
  server.on('upgrade', upgrade);
  server.on('clientError', refuse);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    host,
    port: address.port,
    url: `${tls ? 'https' : 'http'}://${name}:${address.port}`,
    [Symbol.asyncDispose]: () => close(server, sockets),
  };
}

const NO_SUCH_METHOD = JSON.stringify(
  toStatus(new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', { details: {} })),
);

/** What cannot be read as a request. A client that goes away in the middle of a handshake is no event of ours. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code !== 'HPE_INVALID_METHOD' || !socket.writable) {
    socket.destroy();
    return;
  }
  const head = [
    'HTTP/1.1 405 Method Not Allowed',
    'Content-Type: application/json',
    `Content-Length: ${NO_SUCH_METHOD.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${NO_SUCH_METHOD}`);
}

function secure(tls: TlsOptions, serve: (request: Http2ServerRequest, response: Http2ServerResponse) => void): Http2SecureServer {
  return createSecureServer(
    {
      key: tls.key,
      cert: tls.cert,
      allowHTTP1: true,
      http1Options: CONNECTION,
      ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }),
      settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 },
    },
    serve,
  );
}

async function serveOne(
  handler: Handler,
  turn: Promise<void>,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): Promise<void> {
  const incoming = incomingOf(request, response);
  const answer = await handler(incoming);
  await turn;
  await send(answer, request, response);
}

function close(server: AnyServer, sockets: ReadonlySet<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Watches would hold the port open for as long as their clients like.
    for (const socket of sockets) socket.destroy();
  });
}

/** A server's connections, to close them with it. */
function connections(server: AnyServer): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Socket) => {
    // Answers are whole: nothing is gained by waiting for more to send.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}
