import type { WholeAnswer } from './exchange.ts';
import { StatusError } from './status-error.ts';

/** 404 for paths where nothing is; the text that Go's router gives. */
export function notServed(): WholeAnswer {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    parts: [Buffer.from('404 page not found\n')],
  };
}

/** 404 within a group that is served: no text, but a Status that clients read. */
export function unknownResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', { details: {} });
}
