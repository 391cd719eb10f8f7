import { parseArgs } from 'node:util';
import { createApiServer } from '@crownlabs/apiserver';

/** An API over a data directory, to be killed: `crash-server --directory DIR --port N`; the token is `t`. Says `ready PORT`. */
const { values } = parseArgs({ options: { directory: { type: 'string' }, port: { type: 'string', default: '0' } } });
const { directory, port } = values;
if (directory === undefined) throw new TypeError('crash-server --directory DIR');
const server = await createApiServer({
  directory,
  signingKey: { read: async () => undefined, write: async () => undefined },
  tokenFile: 't,admin,1,"system:masters"\n',
  admission: { without: ['ServiceAccount'] },
});
// History is forgotten while clients write and watch, as it is on a long day.
setInterval(() => void server.store.compact(server.store.revision - 500), 50);
const listener = await server.listen({ host: '127.0.0.1', port: Number(port) });
process.stdout.write(`ready ${listener.port}\n`);
