import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { TLSSocket } from 'node:tls';
import { LabError } from '@crownlabs/std';
import type { TlsPeer } from '../call.ts';
import { tooLarge } from '../codec/body.ts';
import type { Incoming } from '../exchange.ts';

const NO_BODY = new Uint8Array(0);

/** A request off the wire, in the shape of the pipeline. */
export function incomingOf(request: IncomingMessage | Http2ServerRequest, response?: ServerResponse | Http2ServerResponse): Incoming {
  const peer = peerOf(request);
  const departure = new Departure(response);
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    headers: plainHeaders(request.headers),
    body: (limit) => readAll(request, limit),
    ...(peer ? { peer } : {}),
    get signal() {
      return departure.signal;
    },
  };
}

const GONE = new LabError('Timeout', 'the client has gone');

/** Tells when a client goes away. Most requests never ask, and making an abort reason costs more than reading a request. */
class Departure {
  readonly #response: ServerResponse | Http2ServerResponse | undefined;
  #controller: AbortController | undefined;

  constructor(response: ServerResponse | Http2ServerResponse | undefined) {
    this.#response = response;
  }

  get signal(): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    const controller = new AbortController();
    this.#controller = controller;
    // A response that was sent in full closes too; then nobody listens any more.
    this.#response?.once('close', () => controller.abort(GONE));
    if (this.#response && isGone(this.#response)) controller.abort(GONE);
    return controller.signal;
  }
}

function isGone(response: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in response ? response.stream.destroyed : response.destroyed;
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') plain[name] = value;
    else if (Array.isArray(value)) plain[name] = value.join(', ');
  }
  const authority = plain[':authority'];
  if (authority !== undefined) plain['host'] = authority;
  return plain;
}

/** Who the client proved to be with a certificate. */
function peerOf(request: IncomingMessage | Http2ServerRequest): TlsPeer | undefined {
  const socket = 'stream' in request ? request.stream.session?.socket : request.socket;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  if (!subject?.CN) return undefined;
  const organizations: string | string[] | undefined = subject.O;
  return { commonName: String(subject.CN), organizations: organizations === undefined ? [] : [organizations].flat() };
}

async function readAll(request: IncomingMessage | Http2ServerRequest, limit: number): Promise<Uint8Array> {
  const length = Number(request.headers['content-length'] ?? '0');
  if (length > limit) throw tooLarge();
  if (length === 0 && request.headers['transfer-encoding'] === undefined && !('stream' in request)) return NO_BODY;
  const chunks: Uint8Array[] = [];
  await readInto(chunks, request, limit);
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

/** Reads to the end. By its events, because an iterator over a stream costs more than the rest of receiving a request. */
function readInto(chunks: Uint8Array[], request: IncomingMessage | Http2ServerRequest, limit: number): Promise<void> {
  let size = 0;
  return new Promise((resolve, reject) => {
    const breakOff = (cause?: unknown) => reject(new LabError('BadRequest', 'the body of the request broke off', { cause }));
    request.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      // What is too much is taken and forgotten: who still writes does not read our answer yet.
      if (size > limit) reject(tooLarge());
      else chunks.push(chunk);
    });
    request.once('end', () => resolve());
    request.once('error', breakOff);
    request.once('close', () => {
      if (!request.readableEnded) breakOff();
    });
  });
}
