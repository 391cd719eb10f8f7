import type { Server } from 'node:http';

/** A server that listens; disposing of it ends its connections. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/** Resolves when the server listens. */
export function listening(server: Server, { bind, port }: { readonly bind: string; readonly port: number }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, bind, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        [Symbol.asyncDispose]: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeIdleConnections();
            // Answers that are on their way get a moment.
            setTimeout(() => server.closeAllConnections(), 2_000).unref();
          }),
      });
    });
  });
}
