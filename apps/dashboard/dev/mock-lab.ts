/**
 * A laboratory to look at while the pages are made: the built dashboard, the real relay, API and operators in memory, and a node that only
 * pretends. Not shipped. `node apps/dashboard/dev/mock-lab.ts [port] [student|teacher|admin] [folder of the built pages]`, after `npm run build`.
 */

import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { CROWNLABS_GROUP, LAB_GROUP } from '@crownlabs/api';
import { createRelay } from '@crownlabs/relay';
import { silent, systemClock } from '@crownlabs/std';
import { startTestLab } from '@crownlabs/testkit';
import { WebSocketServer } from 'ws';
import { fillLab, PEOPLE } from './mock-objects.ts';
import { serveRfb } from './mock-rfb.ts';
import { serveShell } from './mock-shell.ts';

const [, , portText = '5180', first = 'student', dist = join(import.meta.dirname, '..', 'dist')] = process.argv;
const port = Number(portText);
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const lab = await startTestLab();
await fillLab(lab);

const groupsOf = (person: string) => (PEOPLE[person]?.groups ?? []).map((group) => `kubernetes:${group}`);
const relay = createRelay({
  client: lab.room('relay'),
  transportFor: (person) => lab.api.transport({ username: person, groups: [...groupsOf(person), 'system:authenticated'] }),
  groups: [CROWNLABS_GROUP, LAB_GROUP],
  clock: systemClock,
  log: silent,
});
let signedIn = true;

function personOf(request: IncomingMessage): string {
  return /person=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? first;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  const person = personOf(request);
  if (path.startsWith('/graph')) {
    request.headers.authorization = `Bearer ${person}`;
    return relay.handler(request, response);
  }
  if (path.startsWith('/auth/') || path.startsWith('/dev/')) return session(path, person, response);
  if (path.endsWith('/access')) return json(response, 200, { view: true, control: true, terminal: true, web: true, power: true });
  const file = extname(path) ? path : '/index.html';
  const body = await readFile(join(dist, file)).catch(() => undefined);
  response.writeHead(body ? 200 : 404, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(body);
  return undefined;
}

function session(path: string, person: string, response: ServerResponse): void {
  if (path === '/auth/me')
    return json(response, signedIn ? 200 : 401, { name: person, ...PEOPLE[person], groups: [], admin: person === 'admin' });
  signedIn = path === '/auth/login';
  // A session that ends takes its sockets with it.
  if (!signedIn) for (const socket of graphSockets) socket.destroy();
  response.writeHead(302, { location: '/' }).end();
  return undefined;
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

const graphSockets = new Set<Duplex>();
const sockets = new WebSocketServer({ noServer: true });
const server = createServer((request, response) => void answer(request, response));
server.on('upgrade', (request, socket, head) => {
  const path = new URL(request.url ?? '/', 'http://x').pathname;
  if (path.startsWith('/graph')) {
    request.headers.authorization = `Bearer ${personOf(request)}`;
    graphSockets.add(socket);
    return signedIn ? relay.upgrade(request, socket, head) : void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
  }
  return sockets.handleUpgrade(request, socket, head, path.startsWith('/api/rfb/') ? serveRfb : serveShell);
});
server.listen(port, '127.0.0.1', () =>
  console.log(`http://localhost:${port} as ${first}; another person: document.cookie = 'person=teacher'`),
);
