import type { WholeAnswer } from './exchange.ts';

/** 404 for paths where nothing is; the text that Go's router gives. */
export function notServed(): WholeAnswer {
  return {
    status: 404,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    parts: [Buffer.from('404 page not found\n')],
  };
}
