import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { KubeClient, Transport } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import { AccessReviews } from './access.ts';
import { SharedFeeds } from './feeds.ts';
import { Graph } from './graph.ts';
import { HttpDoor } from './http-door.ts';
import { SocketDoor } from './socket-door.ts';

/** What the relay is made from. */
export interface RelayOptions {
  /** The relay's own identity: it reads the API's description and keeps one live copy of each kind that someone follows. */
  readonly client: KubeClient;
  /** The way to the API as the holder of a bearer token. Everything that is asked for goes this way, or is reviewed this way. */
  readonly transportFor: (bearer: string) => Transport;
  /** API groups that the graph is made of; the first has the right of way where two want the same name. */
  readonly groups: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** The GraphQL door, to be mounted on a server. It expects bearer tokens; whoever mounts it answers for cookies and origins. */
export interface Relay extends AsyncDisposable {
  /** POST /graph, GET /graph/schema, GET /healthz. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /** WebSocket /graph/subscription. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Resolves when the schema is there; fails with the reason when the API cannot be read. */
  ready(): Promise<void>;
}

/** Opens the relay. It starts at once to watch the definitions of kinds; the schema is read with the first request or `ready()`. */
export function createRelay({ client, transportFor, groups, clock, log }: RelayOptions): Relay {
  const stop = new AbortController();
  const feeds = new SharedFeeds(client, { clock, log }, stop.signal);
  const graph = new Graph({ client, transportFor, groups, feeds, access: new AccessReviews(transportFor, clock), clock, log });
  graph.follow(stop.signal);
  const http = new HttpDoor(graph, log);
  const sockets = new SocketDoor(graph, { clock, log });
  return {
    handler: (request, response) => void http.handle(request, response),
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    ready: async () => void (await graph.schema()),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      sockets.close();
    },
  };
}
