import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { httpStatus, LabError, type LabErrorCode } from '@crownlabs/std';
import { refusalPage } from './refusal-page.ts';

/** To a browser the gateway is the door: what is behind it and does not answer makes it a bad one. */
function statusOf(code: LabErrorCode): number {
  return code === 'ServiceUnavailable' ? 502 : httpStatus(code);
}

const REASON: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  502: 'Bad Gateway',
  504: 'Gateway Timeout',
};

/** The status of a failure, and the words that may be shown: an unknown error may carry paths or secrets. */
export function wordsOf(error: unknown): { status: number; reason: LabErrorCode; message: string } {
  if (!(error instanceof LabError)) return { status: 500, reason: 'InternalError', message: 'Something failed on our side.' };
  return { status: statusOf(error.code), reason: error.code, message: error.message };
}

/** Answers a request that is not served: a page for people, with links to the product's `origin`; JSON for programs. */
export function refuse(request: IncomingMessage, response: ServerResponse, { error, origin }: { error: unknown; origin: string }): void {
  if (response.headersSent) return void response.destroy();
  const { status, reason, message } = wordsOf(error);
  // What is left of a body would be read as the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  if ((request.headers.accept ?? '').includes('text/html')) return refusalPage(response, origin, { status, message });
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ code: status, reason, message }));
}

/** Answers an upgrade that is not made. Browsers hide the answer from pages; the status is for tools and logs. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  const { status, reason, message } = wordsOf(error);
  const body = JSON.stringify({ code: status, reason, message });
  socket.end(
    `HTTP/1.1 ${status} ${REASON[status] ?? 'Error'}\r\ncontent-type: application/json; charset=utf-8\r\ncache-control: no-store\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
