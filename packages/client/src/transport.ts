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
  readonly signal?: AbortSignal;
}

/** The answer. `body` must be read to its end or the request aborted. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends a request. Rejects only when no answer was had; an error of the API is an answer. */
export type Transport = (request: ApiRequest) => Promise<ApiResponse>;
