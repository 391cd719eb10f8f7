import { chown, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { endOf } from './server-end.ts';

/** A door behind the gateway, mounted below a path. */
export interface Mounted {
  readonly path: string;
  handler(request: IncomingMessage, response: ServerResponse): void;
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Serves the doors on a Unix socket that only `owner` may open. */
export async function listenOnSocket(
  path: string,
  doors: readonly Mounted[],
  owner?: { uid: number; gid: number },
): Promise<AsyncDisposable> {
  const doorOf = (url: string) =>
    doors.find(({ path: prefix }) => url === prefix || url.startsWith(`${prefix}/`) || url.startsWith(`${prefix}?`));
  const server = createServer((request, response) => {
    const door = doorOf(request.url ?? '/');
    if (door) door.handler(request, response);
    else response.writeHead(404).end();
  });
  const end = endOf(server);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const door = doorOf(request.url ?? '/');
    if (door?.upgrade) door.upgrade(request, socket, head);
    else socket.destroy();
  });
  await rm(path, { force: true });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  } finally {
    process.umask(before);
  }
  if (owner) await chown(path, owner.uid, owner.gid);
  return { [Symbol.asyncDispose]: end };
}
