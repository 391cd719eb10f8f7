import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { tenants } from '@crownlabs/api';
import { type Membership, type Person, withLiveGroups } from '@crownlabs/auth';
import { type Informer, type KubeClient, type KubeObject, review, type Transport } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import { AccessReviews } from './access.ts';
import { SharedFeeds } from './feeds.ts';
import { Graph } from './graph.ts';
import { HttpDoor } from './http-door.ts';
import { arrayOf, objectOf, stringOf } from './json.ts';
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
  const people = feeds.of(tenants);
  const access = new AccessReviews({
    transportFor,
    living: (person) => livingPerson(people, person),
    reviewOf: async (user, asked) => (await review(client, user, asked)).allowed,
    clock,
  });
  const graph = new Graph({ client, transportFor, groups, feeds, access, clock, log });
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

/** A list that is not there yet takes nothing away: the API has judged the token already. */
function livingPerson(people: Informer<KubeObject>, person: Person): Person | undefined {
  if (!people.hasSynced) return person;
  const tenant = people.get(person.name);
  return tenant && withLiveGroups(person, membershipsOf(tenant));
}

function membershipsOf(tenant: KubeObject): Membership[] {
  const spec = objectOf('spec' in tenant ? tenant.spec : undefined);
  return arrayOf(spec['workspaces']).map((item) => ({
    name: stringOf(objectOf(item)['name']) ?? '',
    role: stringOf(objectOf(item)['role']) ?? '',
  }));
}
