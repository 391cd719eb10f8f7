import { type Agent, request as httpRequest, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { LabError } from '@crownlabs/std';
import { endToEnd } from './security-headers.ts';

/** Where a neighbour listens. */
export type Neighbour = { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** Where a request goes on to. */
export interface Target {
  /** A Unix socket, an address, or a connection that is there already. */
  readonly to: Neighbour | { readonly connection: Duplex };
  readonly path: string;
  /** The whole set, see {@link onwardHeaders}. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly agent?: Agent;
  /** Changes headers of the answer. */
  readonly answer?: (headers: Record<string, string | string[]>) => Record<string, string | string[]>;
  /** What the failure to connect means to people. */
  readonly unavailable: string;
}

/** The headers of `request` for the next server: nothing of the connection, `x-forwarded-*` written by us alone. */
export function onwardHeaders(request: IncomingMessage, origin: string): Record<string, string | string[]> {
  const { protocol, host } = new URL(origin);
  const headers = endToEnd(request.headers);
  delete headers['forwarded'];
  return {
    ...headers,
    host,
    'x-forwarded-for': request.socket.remoteAddress ?? '',
    'x-forwarded-host': host,
    'x-forwarded-proto': protocol.slice(0, -1),
  };
}

/** Sends `request` on and its answer back; resolves when the answer has begun. Throws ServiceUnavailable when there is none. */
export async function proxy(request: IncomingMessage, response: ServerResponse, target: Target): Promise<void> {
  const onward = httpRequest({
    ...optionsOf(request, target),
    ...(target.agent && !('connection' in target.to) ? { agent: target.agent } : {}),
  });
  response.once('close', () => onward.destroy());
  request.pipe(onward);
  const answer = await answerOf(onward, target.unavailable);
  const headers = endToEnd(answer.headers);
  response.writeHead(answer.statusCode ?? 502, target.answer ? target.answer(headers) : headers);
  answer.pipe(response);
  answer.once('error', () => response.destroy());
}

/** Sends an upgrade on and joins the two sockets; resolves with the far one when they are joined. */
export async function proxyUpgrade(request: IncomingMessage, near: { socket: Duplex; head: Buffer }, target: Target): Promise<Duplex> {
  const options = optionsOf(request, target);
  const onward = httpRequest({
    ...options,
    headers: { ...target.headers, connection: 'upgrade', upgrade: request.headers.upgrade ?? 'websocket' },
  });
  near.socket.once('close', () => onward.destroy());
  const upgraded = new Promise<{ answer: IncomingMessage; far: Duplex; first: Buffer }>((resolve, reject) => {
    onward.once('upgrade', (answer, far, first) => resolve({ answer, far, first }));
    onward.once('response', (answer) => {
      answer.resume();
      reject(
        new LabError(
          answer.statusCode === 401 ? 'Unauthorized' : 'NotFound',
          `The far side refused the connection (${answer.statusCode ?? 0}).`,
        ),
      );
    });
    onward.once('error', (cause) => reject(new LabError('ServiceUnavailable', target.unavailable, { cause })));
  });
  onward.end();
  const { answer, far, first } = await upgraded;
  near.socket.write(upgradeAnswer(answer));
  if (near.head.length > 0) far.write(near.head);
  if (first.length > 0) near.socket.write(first);
  join(near.socket, far);
  return far;
}

function optionsOf(request: IncomingMessage, { to, path, headers }: Target): RequestOptions {
  // A body whose length is not announced must stay in chunks. Left bare, the next server would read it as another
  // request, one that never passed our doors.
  const framed = request.headers['transfer-encoding'] === undefined ? headers : { ...headers, 'transfer-encoding': 'chunked' };
  const shared = { method: request.method, path, headers: framed, setHost: false };
  return 'connection' in to ? { ...shared, createConnection: () => to.connection, agent: false } : { ...shared, ...to };
}

function answerOf(onward: ReturnType<typeof httpRequest>, unavailable: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    onward.once('response', resolve);
    onward.on('error', (cause) => reject(new LabError('ServiceUnavailable', unavailable, { cause })));
  });
}

function upgradeAnswer(answer: IncomingMessage): string {
  const kept = Object.entries(endToEnd(answer.headers)).filter(([name]) => name.startsWith('sec-websocket-'));
  const lines = kept.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
  return `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n${lines}\r\n`;
}

function join(one: Duplex, other: Duplex): void {
  for (const [a, b] of [
    [one, other],
    [other, one],
  ] as const) {
    a.pipe(b);
    a.on('error', () => b.destroy());
    a.on('close', () => b.destroy());
  }
}
