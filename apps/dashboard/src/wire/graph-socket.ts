import { type Client, createClient } from 'graphql-ws';
import { Cell, type Live } from './live.ts';
import { graphProblem, type Problem } from './problem.ts';

/** How the one socket of the page is doing. */
export type Connection = { state: 'connecting' } | { state: 'online' } | { state: 'offline'; since: number; attempts: number };

/** A subscription as the server knows it. */
export interface GraphQuery {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
}

/** What a subscriber hears. */
export interface Sink {
  /** The socket was (re)connected: everything will be told again. */
  begin(): void;
  next(root: unknown): void;
  failed(problem: Problem): void;
}

const LONGEST_WAIT_MS = 8_000;

/** The page's one socket: subscriptions survive its reconnections. */
export class GraphSocket {
  readonly #connection = new Cell<Connection>({ state: 'connecting' });
  readonly #sinks = new Set<Sink>();
  readonly #client: Client;

  constructor(url: string, onRefused: () => void) {
    this.#client = createClient({
      url,
      keepAlive: 20_000,
      retryAttempts: Number.POSITIVE_INFINITY,
      // A random part, so that a class of students does not come back in the same instant.
      retryWait: (retries) =>
        new Promise((resolve) => void setTimeout(resolve, Math.min(250 * 2 ** retries, LONGEST_WAIT_MS) * (0.5 + Math.random()))),
      shouldRetry: () => true,
      on: {
        connected: () => {
          this.#connection.set({ state: 'online' });
          for (const sink of this.#sinks) sink.begin();
        },
        closed: () => {
          const before = this.#connection.get();
          const since = before.state === 'offline' ? before.since : Date.now();
          this.#connection.set({ state: 'offline', since, attempts: before.state === 'offline' ? before.attempts + 1 : 1 });
          // Never connected at all: the session may have ended, which the socket cannot say.
          if (before.state !== 'online') onRefused();
        },
      },
    });
  }

  get connection(): Live<Connection> {
    return this.#connection;
  }

  /** Follows `query` until the returned function is called. */
  follow(query: GraphQuery, sink: Sink): () => void {
    this.#sinks.add(sink);
    sink.begin();
    const stop = this.#client.subscribe(query, {
      next: ({ data, errors }) => {
        if (errors) sink.failed(graphProblem(errors));
        else sink.next(Object.values(data ?? {})[0]);
      },
      error: (error) =>
        sink.failed(Array.isArray(error) ? graphProblem(error) : { code: 0, reason: 'Unreachable', message: String(error) }),
      complete: () => undefined,
    });
    return () => {
      this.#sinks.delete(sink);
      stop();
    };
  }
}
