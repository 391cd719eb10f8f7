/**
 * One request to a Kubernetes API, whoever answers: a cluster over TLS, or the embedded API without a socket.
 * The shape is that of HTTP, so that both take the same way through authentication, authorization and admission.
 */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, for example `/api/v1/pods?watch=1`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** In place of `body`: a value to be sent as JSON. Where no socket lies between, it never becomes text. It must not change until the answer is there. */
  readonly value?: unknown;
  readonly signal?: AbortSignal;
}

/** The answer. `body` must be read to its end or the request aborted. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /**
   * The JSON documents that a piece of `body` consists of, where the transport knows them without reading it. Objects of Kubernetes
   * among them are shared and frozen, and come without `metadata.managedFields`.
   */
  documents?(piece: Uint8Array): readonly unknown[] | undefined;
}

/** The body of a request as it crosses a socket. */
export function bodyOf({ body, value }: ApiRequest): string | Uint8Array | undefined {
  return body ?? (value === undefined ? undefined : JSON.stringify(value));
}

/** Sends a request. Rejects only when no answer was had; an error of the API is an answer. */
export type Transport = (request: ApiRequest) => Promise<ApiResponse>;
