import { LabError, type LabErrorCode } from '@crownlabs/std';

/** `Status`, the API's way to say what went wrong. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface ApiStatus {
  readonly kind: 'Status';
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

const BY_HTTP: Readonly<Record<number, LabErrorCode>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

// Two reasons share a number with another one, so the number alone cannot tell them.
const BY_REASON: Readonly<Record<string, LabErrorCode>> = { AlreadyExists: 'AlreadyExists', Gone: 'Expired', Expired: 'Expired' };

function isStatus(value: unknown): value is ApiStatus {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';
}

/** The error that an answer with a failing HTTP code stands for. Its cause is the Status, where the server sent one. */
export function statusError(httpCode: number, body: unknown): LabError {
  if (!isStatus(body)) {
    const text = typeof body === 'string' && body !== '' ? body : `the API answered ${httpCode}`;
    return new LabError(BY_HTTP[httpCode] ?? 'InternalError', text);
  }
  const code = BY_REASON[body.reason ?? ''] ?? BY_HTTP[body.code ?? httpCode] ?? 'InternalError';
  return new LabError(code, body.message ?? `the API answered ${httpCode}`, { cause: body });
}

/** The Status behind an error of the client, where the API sent one. */
export function statusOf(error: unknown): ApiStatus | undefined {
  return error instanceof LabError && isStatus(error.cause) ? error.cause : undefined;
}
