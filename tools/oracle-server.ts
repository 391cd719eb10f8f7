/**
 * Starts the embedded API as the oracle's README asks for, and stays up until it is interrupted.
 * `node tools/oracle-server.ts [--port 6443] [--data-dir DIR] [--plain]`; the token is `oracle-token`.
 */
import { parseArgs } from 'node:util';
import { createApiServer } from '@crownlabs/apiserver';
import { logger } from '@crownlabs/std';

const { values } = parseArgs({ options: { port: { type: 'string', default: '6443' }, 'data-dir': { type: 'string' } } });
let pem: string | undefined;
const server = await createApiServer({
  ...(values['data-dir'] === undefined ? {} : { directory: values['data-dir'] }),
  signingKey: {
    read: async () => pem,
    write: async (made) => {
      pem = made;
    },
  },
  tokenFile: 'oracle-token,admin,admin-uid,"system:masters"\n',
  admission: { serviceAccounts: false },
  log: logger(({ level, message, fields }) => console.error(level, message, fields)),
});
const listener = await server.listen({ host: '127.0.0.1', port: Number(values.port) });
console.log(`ready on ${listener.url}`);
await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
await server[Symbol.asyncDispose]();
process.exit(0);
