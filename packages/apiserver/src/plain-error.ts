import { StatusError } from './status-error.ts';

/** A 500 without a reason: how Kubernetes answers where its code returned an error that it did not expect. Clients know the texts. */
export function plainError(message: string): StatusError {
  return new StatusError('InternalError', message, { reason: '' });
}
