import { customResourceDefinitions, informer, type KubeClient, nodes, type Transport } from '@crownlabs/client';
import { type Clock, type Logger, messageOf } from '@crownlabs/std';
import type { GraphQLSchema } from 'graphql';
import type { AccessReviews } from './access.ts';
import { readDescription } from './api-source.ts';
import { callApi } from './call.ts';
import type { GraphContext } from './context.ts';
import type { SharedFeeds } from './feeds.ts';
import { graphSchema } from './schema.ts';

/** What the graph stands on. */
export interface GraphParts {
  readonly client: KubeClient;
  readonly transportFor: (bearer: string) => Transport;
  readonly groups: readonly string[];
  readonly feeds: SharedFeeds;
  readonly access: AccessReviews;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Definitions often change together; the description is read once for all of them. */
const SETTLE_MS = 200;

/** The schema of the moment, and the context that its resolvers run in. */
export class Graph {
  readonly #parts: GraphParts;
  #schema: Promise<GraphQLSchema> | undefined;
  #generation = 0;

  constructor(parts: GraphParts) {
    this.#parts = parts;
  }

  /** Makes the schema anew whenever a definition of our groups changes, until `signal` aborts. */
  follow(signal: AbortSignal): void {
    const { client, groups, clock, log } = this.#parts;
    const definitions = informer(client, customResourceDefinitions, { clock, log }, signal);
    definitions.onChange((now, before) => {
      const group = (now ?? before)?.spec.group ?? '';
      if (!groups.includes(group)) return;
      if (now && before && now.metadata.generation === before.metadata.generation && conditionsOf(now) === conditionsOf(before)) return;
      void this.#renew(signal);
    });
  }

  schema(): Promise<GraphQLSchema> {
    if (this.#schema) return this.#schema;
    const made = this.#make();
    this.#schema = made;
    // A failure is not kept: the next request tries again.
    made.catch(() => {
      if (this.#schema === made) this.#schema = undefined;
    });
    return made;
  }

  context(bearer: string): GraphContext {
    const transport = this.#parts.transportFor(bearer);
    return {
      bearer,
      call: (request) => callApi(transport, { ...request, headers: { accept: 'application/json', ...request.headers } }),
      allowed: (attributes) => this.#parts.access.allowed(bearer, attributes),
      followed: new Map(),
    };
  }

  async #make(): Promise<GraphQLSchema> {
    const { client, groups, feeds, clock } = this.#parts;
    const description = await readDescription(client, groups);
    return graphSchema(description, { feeds: (resource) => feeds.of(resource), readNodes: () => client.list(nodes), clock });
  }

  async #renew(signal: AbortSignal): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    try {
      await this.#parts.clock.sleep(SETTLE_MS, signal);
      if (generation !== this.#generation) return;
      const next = await this.#make();
      if (generation === this.#generation) this.#schema = Promise.resolve(next);
    } catch (error) {
      if (!signal.aborted) this.#parts.log.warn('The graph could not be made anew', { error: messageOf(error) });
    }
  }
}

function conditionsOf(definition: object): string {
  const status = 'status' in definition ? definition.status : undefined;
  return JSON.stringify(status ?? null);
}
