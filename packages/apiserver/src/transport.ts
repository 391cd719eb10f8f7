import { Buffer } from 'node:buffer';
import { tooLarge } from './codec/body.ts';
import { copyOfJson } from './codec/json-copy.ts';
import { type Answer, type Documents, type Handler, type Incoming, isStream, type Sink } from './exchange.ts';
import type { UserInfo } from './user.ts';

/** One request in the shape of HTTP. The shape is that of `@crownlabs/client`, declared here because arrows point one way. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** In place of `body`: a value to be read as JSON. */
  readonly value?: unknown;
  readonly signal?: AbortSignal;
}

/** The answer to a request that did not cross a socket. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** What the piece of `body` that was just taken says: see Documents. */
  documents?(piece: Uint8Array): readonly unknown[] | undefined;
}

/** Sends requests through the whole pipeline, but for the socket. */
export type InProcessTransport = (request: TransportRequest) => Promise<TransportResponse>;

const NO_BODY = new Uint8Array(0);

/** A transport into `handler`: as `user`, or, without one, as whoever the `authorization` header proves. */
export function inProcess(handler: Handler, user: UserInfo | undefined): InProcessTransport {
  return async (request) => {
    request.signal?.throwIfAborted();
    const gone = new AbortController();
    const leave = () => gone.abort();
    request.signal?.addEventListener('abort', leave, { once: true });
    const answer = await handler(incomingOf(request, user, gone.signal));
    const { status, headers } = answer;
    if (isStream(answer)) {
      const body = streamBody(answer, gone);
      return { status, headers, body, documents: (piece) => body.documents(piece) };
    }
    request.signal?.removeEventListener('abort', leave);
    const { parts, documents } = answer;
    return {
      status,
      headers,
      body: wholeBody(parts),
      ...(documents ? { documents: (piece) => (piece === parts[0] ? documents() : undefined) } : {}),
    };
  };
}

function incomingOf(request: TransportRequest, user: UserInfo | undefined, signal: AbortSignal): Incoming {
  const { method, path, headers = {}, value } = request;
  return {
    method,
    url: path,
    headers,
    async body(limit) {
      const bytes = bytesOf(request);
      if (bytes.length > limit) throw tooLarge();
      return bytes;
    },
    ...(value === undefined ? {} : { value: (limit) => copyOfJson(value, limit) }),
    ...(user ? { user } : {}),
    signal,
  };
}

function bytesOf({ body, value }: TransportRequest): Uint8Array {
  const text = body ?? (value === undefined ? NO_BODY : JSON.stringify(value));
  return typeof text === 'string' ? Buffer.from(text) : text;
}

async function* wholeBody(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** A stream that runs until it ends or its reader does. */
function streamBody(answer: Extract<Answer, { stream: unknown }>, gone: AbortController): ChunkQueue {
  const queue = new ChunkQueue(gone);
  void Promise.resolve(answer.stream(queue)).then(
    () => queue.end(),
    () => queue.end(),
  );
  return queue;
}

interface Piece {
  readonly chunk: Uint8Array;
  readonly documents: Documents | undefined;
}

/** A sink whose other end is an async iterable. */
class ChunkQueue implements Sink, AsyncIterable<Uint8Array> {
  #chunks: Piece[] = [];
  #current: Piece | undefined;
  #queued = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  readonly #taken: (() => void)[] = [];

  readonly #gone: AbortController;

  constructor(gone: AbortController) {
    this.#gone = gone;
    gone.signal.addEventListener('abort', () => this.end(), { once: true });
  }

  get queued(): number {
    return this.#queued;
  }

  write(chunk: Uint8Array, documents?: Documents): void {
    if (this.#ended) return;
    this.#chunks.push({ chunk, documents });
    this.#queued += chunk.length;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
    for (const resolve of this.#taken.splice(0)) resolve();
  }

  drained(): Promise<void> {
    if (this.#queued === 0 || this.#ended) return Promise.resolve();
    return new Promise((resolve) => this.#taken.push(resolve));
  }

  documents(piece: Uint8Array): readonly unknown[] | undefined {
    return this.#current?.chunk === piece ? this.#current.documents?.() : undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunks = this.#chunks;
        this.#chunks = [];
        this.#queued = 0;
        for (const resolve of this.#taken.splice(0)) resolve();
        for (const piece of chunks) {
          this.#current = piece;
          yield piece.chunk;
        }
        this.#current = undefined;
        if (this.#chunks.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      // The reader is done, at the end or before it: the feeder must not go on.
      this.#gone.abort();
    }
  }
}
