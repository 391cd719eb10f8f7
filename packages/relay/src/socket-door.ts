import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';
import { type ExecutionArgs, execute, type FormattedExecutionResult, type GraphQLError, type GraphQLSchema, subscribe } from 'graphql';
import { CloseCode, type Context, handleProtocols, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { bearerOf, expiryOf } from './bearer.ts';
import type { Graph } from './graph.ts';
import { presentable, RequestErrors, readDocument } from './operation.ts';
import type { SubscriptionContext } from './root-subscriptions.ts';

const LARGEST_MESSAGE = 256 * 1024;
const MOST_SUBSCRIPTIONS = 100;
const MOST_SOCKETS = 2_000;
const PING_MS = 15_000;

/** What the server knows of one socket. */
interface Connection {
  readonly request: IncomingMessage;
  readonly closed: AbortController;
  bearer: string | undefined;
  close(code: number, reason: string): void;
}

type SocketPort = Parameters<Server<Connection>['opened']>[0];
interface Told {
  readonly errors?: readonly GraphQLError[] | undefined;
  readonly data?: Record<string, unknown> | null | undefined;
}
type Sent = Record<string, unknown> | undefined;

/** /graph/subscription: the protocol graphql-transport-ws. */
export class SocketDoor {
  readonly #graph: Graph;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE, handleProtocols });
  readonly #server: Server<Connection>;

  constructor(graph: Graph, { clock, log }: { clock: Clock; log: Logger }) {
    this.#graph = graph;
    this.#clock = clock;
    this.#log = log;
    this.#server = makeServer<Sent, Connection>({
      execute,
      subscribe,
      onConnect: (context) => this.#admit(context),
      onSubscribe: (context, _id, payload) => this.#prepare(context, payload),
      onError: (_context, _id, _payload, errors) => errors.map((error) => presentable(error).toJSON()),
      onNext: (...told) => shown(told[4]),
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if ((request.url ?? '').split('?', 1)[0] !== '/graph/subscription' || this.#sockets.clients.size >= MOST_SOCKETS) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#serve(opened, request));
  }

  close(): void {
    for (const socket of this.#sockets.clients) socket.close(1001, 'the relay is stopping');
    this.#sockets.close();
  }

  #serve(socket: WebSocket, request: IncomingMessage): void {
    const connection: Connection = {
      request,
      closed: new AbortController(),
      bearer: bearerOf(request.headers.authorization),
      close: (code, reason) => socket.close(code, reason.slice(0, 120)),
    };
    const closed = this.#server.opened(
      adapt(socket, (error) => this.#fault(connection, error)),
      connection,
    );
    void this.#keepAlive(socket, connection.closed.signal);
    socket.on('error', (error) => this.#log.debug('A subscription socket broke', { error: error.message }));
    socket.once('close', (code, reason) => {
      connection.closed.abort();
      closed(code, reason.toString()).catch((error: unknown) => this.#log.debug('A subscription ended badly', { error: messageOf(error) }));
    });
  }

  #fault(connection: Connection, error: unknown): void {
    this.#log.error('A subscription message failed', { error: messageOf(error) });
    connection.close(CloseCode.InternalServerError, 'internal error');
  }

  #admit(context: Context<Sent, Connection>): boolean {
    const { extra } = context;
    extra.bearer ??= bearerOf(context.connectionParams?.['authorization']);
    if (!extra.bearer) {
      extra.close(CloseCode.Unauthorized, 'sign in first: the connection carries no bearer token');
      return true;
    }
    const expiry = expiryOf(extra.bearer);
    if (expiry !== undefined) void this.#endAt(expiry, extra);
    return true;
  }

  /** A token's end is the end of what it allows. 4403 tells a client that connecting again, with a new token, is worth a try. */
  async #endAt(expiry: number, connection: Connection): Promise<void> {
    try {
      await this.#clock.sleep(expiry - this.#clock.now(), connection.closed.signal);
      connection.close(CloseCode.Forbidden, 'TokenExpired');
    } catch {
      // Closed before.
    }
  }

  async #prepare(context: Context<Sent, Connection>, payload: SubscribePayload): Promise<ExecutionArgs | readonly GraphQLError[]> {
    if (Object.keys(context.subscriptions).length > MOST_SUBSCRIPTIONS) {
      context.extra.close(CloseCode.TooManyInitialisationRequests, `more than ${MOST_SUBSCRIPTIONS} subscriptions`);
    }
    const schema = await this.#graph.schema();
    try {
      return this.#executionOf(schema, payload, context.extra);
    } catch (error) {
      if (error instanceof RequestErrors) return error.errors;
      throw error;
    }
  }

  #executionOf(schema: GraphQLSchema, payload: SubscribePayload, { bearer = '', closed }: Connection): ExecutionArgs {
    const document = readDocument(schema, payload.query);
    const contextValue: SubscriptionContext = { ...this.#graph.context(bearer), signal: closed.signal };
    return { schema, document, contextValue, variableValues: payload.variables ?? {}, operationName: payload.operationName ?? null };
  }

  async #keepAlive(socket: WebSocket, signal: AbortSignal): Promise<void> {
    let alive = true;
    socket.on('pong', () => void (alive = true));
    try {
      while (!signal.aborted) {
        await this.#clock.sleep(PING_MS, signal);
        if (!alive) return socket.terminate();
        alive = false;
        socket.ping();
      }
    } catch {
      // Closed.
    }
  }
}

function adapt(socket: WebSocket, failed: (error: unknown) => void): SocketPort {
  return {
    protocol: socket.protocol,
    send: (data) =>
      new Promise((resolve, reject) =>
        socket.readyState === socket.OPEN ? socket.send(data, (error) => (error ? reject(error) : resolve())) : resolve(),
      ),
    close: (code, reason) => socket.close(code, reason),
    onMessage: (callback) => void socket.on('message', (data) => void callback(textOf(data)).catch(failed)),
  };
}

function textOf(data: RawData): string {
  if (data instanceof ArrayBuffer) return Buffer.from(data).toString('utf8');
  return (Array.isArray(data) ? Buffer.concat(data) : data).toString('utf8');
}

function shown({ errors, data }: Told): FormattedExecutionResult {
  const told = data === undefined ? {} : { data };
  return errors ? { ...told, errors: errors.map((error) => presentable(error).toJSON()) } : told;
}
