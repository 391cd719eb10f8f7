import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createApiServer } from '@crownlabs/apiserver';

/**
 * An API over a data directory, to be killed: `crash-server --directory DIR`; the token is `t`. It loads, then waits for a line with a
 * port (0 picks one) before it touches the directory, so that the next one can be loaded while this one is killed. Says `ready PORT`.
 */
const { values } = parseArgs({ options: { directory: { type: 'string' } } });
const { directory } = values;
if (directory === undefined) throw new TypeError('crash-server --directory DIR');
const lines = createInterface({ input: process.stdin });
// Nobody is left who could ask for anything.
lines.once('close', () => process.exit());
const port = Number(await new Promise((resolve) => lines.once('line', resolve)));
const server = await createApiServer({
  directory,
  // Kept between lives: making one takes longer than all the rest.
  signingKey: {
    read: () => readFile(`${directory}.pem`, 'utf8').catch(() => undefined),
    write: (pem) => writeFile(`${directory}.pem`, pem),
  },
  tokenFile: 't,admin,1,"system:masters"\n',
  admission: { without: ['ServiceAccount'] },
});
// History is forgotten while clients write and watch, as it is on a long day.
setInterval(() => void server.store.compact(server.store.revision - 500), 50);
const listener = await server.listen({ host: '127.0.0.1', port });
process.stdout.write(`ready ${listener.port}\n`);
