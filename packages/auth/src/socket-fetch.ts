import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Fetch } from './bearer.ts';

/** A fetch whose requests all go to one Unix socket, whatever host the address names: for an issuer in a neighbour process. */
export function socketFetch(socketPath: string): Fetch {
  return async (address, { method = 'GET', headers, body, signal }) => {
    const { pathname, search, host } = new URL(address);
    const bytes = body === undefined || body === null ? undefined : Buffer.from(await new Response(body).arrayBuffer());
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpRequest(
        {
          socketPath,
          path: `${pathname}${search}`,
          method,
          headers: { ...Object.fromEntries(new Headers(headers)), host },
          ...(signal ? { signal } : {}),
        },
        resolve,
      );
      sent.once('error', reject);
      sent.end(bytes);
    });
    const received = new Headers();
    for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2)
      received.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
    const status = answer.statusCode ?? 502;
    const empty = status === 204 || status === 304;
    if (empty) answer.resume();
    return new Response(empty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>), { status, headers: received });
  };
}
