import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient as createApiClient } from '@crownlabs/client';
import { scope, silent, systemClock } from '@crownlabs/std';
import type { GraphQLFormattedError } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { createRelay } from '../src/relay.ts';
import { FakeApi } from './fake-api.ts';

/** What a question was answered with. */
export interface Answered {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: { message: string; extensions?: Record<string, unknown> }[] | undefined;
}

/** A relay on a port of its own, over a fake API. */
export async function relayServer() {
  const owned = scope();
  const api = new FakeApi();
  const client = createApiClient(api.transportFor('relay'), { fieldManager: 'relay' });
  const relay = owned.use(
    createRelay({
      client,
      transportFor: api.transportFor,
      groups: ['crownlabs.polito.it', 'lab.crownlabs.polito.it'],
      clock: systemClock,
      log: silent,
    }),
  );
  const server = createServer((request, response) => relay.handler(request, response));
  server.on('upgrade', (request, socket, head) => relay.upgrade(request, socket, head));
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  owned.defer(() => new Promise((done) => void server.close(() => done())));
  owned.defer(() => server.closeAllConnections());
  const port = (server.address() as AddressInfo).port;
  const base = `http://127.0.0.1:${port}`;

  async function post(body: string, headers: Record<string, string>): Promise<Answered> {
    const response = await fetch(`${base}/graph`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
    const json = (await response.json()) as Pick<Answered, 'data' | 'errors'>;
    return { status: response.status, data: json.data, errors: json.errors };
  }
  const ask = (user: string, query: string, variables: object = {}) =>
    post(JSON.stringify({ query, variables }), { authorization: `Bearer ${user}` });
  function follower(
    user: string | undefined,
    options: { closed?: (code: number, reason: string) => void; parameters?: Record<string, unknown> } = {},
  ): Client {
    const socket = class extends WebSocket {
      constructor(url: string, protocols: string | string[]) {
        super(url, protocols, { headers: user ? { authorization: `Bearer ${user}` } : {} });
      }
    };
    const on = { closed: (event: unknown) => options.closed?.((event as CloseEvent).code, (event as CloseEvent).reason) };
    const parameters = options.parameters ? { connectionParams: options.parameters } : {};
    const client = createClient({
      url: `${base.replace('http', 'ws')}/graph/subscription`,
      webSocketImpl: socket,
      retryAttempts: 0,
      on,
      ...parameters,
    });
    owned.defer(() => client.dispose());
    return client;
  }
  return { api, base, post, ask, follower, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

interface CloseEvent {
  readonly code: number;
  readonly reason: string;
}

/** Reads a subscription message by message, in the order they came. */
export class Messages {
  readonly #iterator: AsyncIterator<{
    data?: Record<string, unknown> | null | undefined;
    errors?: readonly GraphQLFormattedError[] | undefined;
  }>;

  constructor(client: Client, query: string, variables: Record<string, unknown> = {}) {
    this.#iterator = client.iterate({ query, variables });
  }

  /** The root field of the next message. */
  async next(): Promise<unknown> {
    const { value, done } = await this.#iterator.next();
    if (done) return 'end';
    if (value.errors) throw Object.assign(new Error(value.errors[0]?.message), value.errors[0]);
    return Object.values(value.data ?? {})[0];
  }

  async stop(): Promise<void> {
    await this.#iterator.return?.();
  }
}
