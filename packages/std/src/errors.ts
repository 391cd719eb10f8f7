/**
 * What can go wrong, as a closed list. The names are the reasons of Kubernetes' `Status` where it has one,
 * so that an error crosses the API without being renamed.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#api-error-responses
 */
export type LabErrorCode =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Expired'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'Invalid'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'Timeout';

/** The one error class of the house. `message` may be shown to people; `cause` never leaves the process. */
export class LabError extends Error {
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
  }

  /** Gives an unknown failure a code: a LabError stays as it is, anything else becomes `fallback`. */
  static from(error: unknown, fallback: LabErrorCode = 'InternalError'): LabError {
    if (error instanceof LabError) return error;
    return new LabError(fallback, messageOf(error), { cause: error });
  }
}

/** Whether `error` is a LabError with one of `codes`. */
export function hasCode(error: unknown, ...codes: readonly LabErrorCode[]): error is LabError {
  return error instanceof LabError && codes.includes(error.code);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
