import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type Answer, isStream, type Sink, type WholeAnswer } from '../exchange.ts';

const GZIP_FROM_BYTES = 128 * 1024;
const compress = promisify(gzip);

type AnyResponse = ServerResponse | Http2ServerResponse;

/** Puts an answer on the wire; resolves when it was handed over. */
export async function send(answer: Answer, request: IncomingMessage | Http2ServerRequest, response: AnyResponse): Promise<void> {
  if (isStream(answer)) {
    writeHead(response, answer.status, answer.headers);
    if (response instanceof ServerResponse) response.flushHeaders();
    const sink = new ResponseSink(response);
    await answer.stream(sink);
    return;
  }
  await sendWhole(answer, request, response);
}

async function sendWhole(answer: WholeAnswer, request: IncomingMessage | Http2ServerRequest, response: AnyResponse): Promise<void> {
  const [first] = answer.parts;
  const body = answer.parts.length === 1 && first ? first : Buffer.concat(answer.parts);
  const zipped = request.method === 'GET' && body.length > GZIP_FROM_BYTES && wantsGzip(request);
  const bytes = zipped ? await compress(body, { level: constants.Z_BEST_SPEED }) : body;
  const headers: Record<string, string | number> = { ...answer.headers, 'content-length': bytes.length };
  if (zipped) {
    headers['content-encoding'] = 'gzip';
    headers['vary'] = 'Accept-Encoding';
  }
  writeHead(response, answer.status, headers);
  end(response, bytes);
}

function wantsGzip(request: IncomingMessage | Http2ServerRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  return typeof accepted === 'string' && accepted.split(',').some((one) => one.trim().split(';', 1)[0] === 'gzip');
}

function writeHead(response: AnyResponse, status: number, headers: Readonly<Record<string, string | number>>): void {
  if (response instanceof ServerResponse) response.writeHead(status, headers);
  else response.writeHead(status, headers);
}

function end(response: AnyResponse, bytes: Uint8Array): void {
  if (response instanceof ServerResponse) response.end(bytes);
  else response.end(bytes);
}

/** A response that is fed over time. */
class ResponseSink implements Sink {
  readonly #response: AnyResponse;
  readonly #stream: Writable;

  constructor(response: AnyResponse) {
    this.#response = response;
    this.#stream = response instanceof ServerResponse ? response : response.stream;
  }

  get queued(): number {
    return this.#stream.writableLength;
  }

  write(chunk: Uint8Array): void {
    if (!this.#stream.writableEnded && !this.#stream.destroyed) this.#stream.write(chunk);
  }

  drained(): Promise<void> {
    if (!this.#stream.writableNeedDrain || this.#stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done);
        this.#stream.off('close', done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.#stream.on('close', done);
    });
  }

  end(): void {
    if (!this.#stream.writableEnded) this.#response.end();
  }
}
