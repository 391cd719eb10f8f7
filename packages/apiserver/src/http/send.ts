import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { type Answer, isStream, type Sink, type WholeAnswer } from '../exchange.ts';

const GZIP_FROM_BYTES = 128 * 1024;
const PIECE_BYTES = 512 * 1024;
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
  const length = answer.parts.reduce((sum, part) => sum + part.length, 0);
  const zipped = request.method === 'GET' && length > GZIP_FROM_BYTES && wantsGzip(request);
  const parts = zipped ? [await compress(Buffer.concat(answer.parts), { level: constants.Z_BEST_SPEED })] : answer.parts;
  const headers: Record<string, string | number> = { ...answer.headers, 'content-length': zipped ? (parts[0]?.length ?? 0) : length };
  if (zipped) {
    headers['content-encoding'] = 'gzip';
    headers['vary'] = 'Accept-Encoding';
  }
  writeHead(response, answer.status, headers);
  if (length > PIECE_BYTES) await endInPieces(response, parts);
  else end(response, joined(parts));
}

/** To encrypt a long answer takes a while, and to copy it does; others are served in between, and the client sets the pace. */
async function endInPieces(response: AnyResponse, parts: readonly Uint8Array[]): Promise<void> {
  const sink = new ResponseSink(response);
  let waiting: Uint8Array[] = [];
  let size = 0;
  for (const part of pieces(parts)) {
    waiting.push(part);
    size += part.length;
    if (size < PIECE_BYTES) continue;
    sink.write(joined(waiting));
    waiting = [];
    size = 0;
    await sink.drained();
    await setImmediate();
  }
  if (size > 0) sink.write(joined(waiting));
  sink.end();
}

/** The parts, none of them longer than a piece. */
function* pieces(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) for (let at = 0; at < part.length; at += PIECE_BYTES) yield part.subarray(at, at + PIECE_BYTES);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...more] = parts;
  return only && more.length === 0 ? only : Buffer.concat(parts);
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
