import type { TlsPeer } from './call.ts';
import type { Json } from './json.ts';
import type { UserInfo } from './user.ts';

/** A request as the pipeline receives it, whoever carried it. */
export interface Incoming {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; throws RequestEntityTooLarge beyond `limit` bytes. */
  body(limit: number): Promise<Uint8Array>;
  /** The body of an in-process caller who gave a value; throws as `body` does. The receiver may change it, and asks once. */
  value?(limit: number): Json;
  readonly peer?: TlsPeer;
  /** An in-process caller who is known already: authentication is skipped, nothing else. */
  readonly user?: UserInfo;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** The answer. Either all of it, or a stream that is fed for as long as the client listens. */
export type Answer = WholeAnswer | StreamAnswer;

/** An answer with its whole body. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** In parts, so that long lists are never copied together. */
  readonly parts: readonly Uint8Array[];
  /** The object that `parts` say, for who need not read them. */
  readonly documents?: Documents;
}

/** What bytes say, in values: frozen, shared, and without `metadata.managedFields`. */
export type Documents = () => readonly unknown[];

/** An answer whose body comes over time. */
export interface StreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Called once, after the headers went out. */
  stream(sink: Sink): void | Promise<void>;
}

/** Where a stream goes. */
export interface Sink {
  /** Queues `chunk`, and what it says for who need not read it. Nothing is lost, so a feeder must watch `queued`. */
  write(chunk: Uint8Array, documents?: Documents): void;
  /** Bytes that the client has not taken yet. */
  readonly queued: number;
  /** Resolves when more may be queued without piling up, or when the client has gone. */
  drained(): Promise<void>;
  end(): void;
}

/** Answers requests: the pipeline as a whole. */
export type Handler = (incoming: Incoming) => Promise<Answer>;

/** Whether `answer` is fed over time. */
export function isStream(answer: Answer): answer is StreamAnswer {
  return 'stream' in answer;
}
