import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';

/** A real mail server on loopback that keeps what it gets, readable. */
export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** Whole mails, headers first, in the order in which they came. */
  readonly mails: readonly string[];
}

/** Starts one; dispose of it with `await using`. */
export async function startMailServer(): Promise<MailServer> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        mails.push(Buffer.concat(parts).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '='));
        done();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a mail server listens on a port');
  const { port } = address;
  return { port, mails, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}
