import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * How to end `server` with everything it carries; asked for before it listens. Connections that became something else, such as WebSockets,
 * count no more as the server's own: it would wait for them, and not end them, for as long as somebody has a page open.
 */
export function endOf(server: Server): () => Promise<void> {
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (_, socket: Duplex) => {
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
    });
}
