import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { KeyPair } from '@crownlabs/certificates';
import type { ReviewHandler } from '@crownlabs/operators';
import { type Logger, messageOf } from '@crownlabs/std';
import { listening } from './listening.ts';

/** Where the webhooks listen. */
export interface WebhookServerOptions {
  readonly bind: string;
  readonly port: number;
  readonly handlers: ReadonlyMap<string, ReviewHandler>;
  readonly certificate: KeyPair;
  readonly log: Logger;
}

/** A listening server of webhooks. */
export interface WebhookServer extends AsyncDisposable {
  readonly port: number;
  /** From now on new connections see this certificate. */
  renew(certificate: KeyPair): void;
}

// An API sends objects of at most 3 MB, the old one and the new one, in one review.
const MOST_BYTES = 8 * 2 ** 20;

/** Answers AdmissionReviews over TLS. */
export async function serveWebhooks({ bind, port, handlers, certificate, log }: WebhookServerOptions): Promise<WebhookServer> {
  const server = createServer({ ...certificate, minVersion: 'TLSv1.2' }, (request, response) => {
    answer(handlers, request, response).catch((error: unknown) => {
      log.warn('A review was not answered', { path: request.url, error: messageOf(error) });
      end(response, 500, 'the review could not be answered');
    });
  });
  // The API keeps its connection; what is silent longer than a review may take is nobody's.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 30_000;
  const opened = await listening(server, { bind, port });
  return { ...opened, renew: (next) => server.setSecureContext({ ...next, minVersion: 'TLSv1.2' }) };
}

async function answer(handlers: ReadonlyMap<string, ReviewHandler>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const handler = handlers.get((request.url ?? '').split('?')[0] ?? '');
  if (!handler) return end(response, 404, 'there is no such webhook');
  if (request.method !== 'POST') return end(response, 405, 'reviews are posted');
  const text = await readBody(request);
  if (text === undefined) return end(response, 413, 'the review is too large');
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const review = await handler(text, gone.signal);
  response.writeHead(200, { 'content-type': 'application/json' }).end(review);
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function end(response: ServerResponse, status: number, text: string): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(`${text}\n`);
}
