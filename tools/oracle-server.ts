/**
 * Starts the embedded API and its controllers as the oracle's README asks for, and stays up until it is interrupted.
 * `node tools/oracle-server.ts [--port 6443] [--data-dir DIR] [--controllers=false] [--plain]`; the token is `oracle-token`.
 * With a data directory it is TLS (certificates and admin.kubeconfig are there), without one plain HTTP in memory.
 */
import { parseArgs } from 'node:util';
import { type ApiServer, createApiServer, startApiServer } from '@crownlabs/apiserver';
import { createClient } from '@crownlabs/client';
import { startKubeControllers } from '@crownlabs/kube-controllers';
import { logger, scope } from '@crownlabs/std';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '6443' },
    'data-dir': { type: 'string' },
    'no-controllers': { type: 'boolean', default: false },
  },
});
const log = logger(({ level, message, fields }) => level !== 'debug' && console.error(level, message, fields));
const options = {
  tokenFile: 'oracle-token,admin,admin-uid,"system:masters"\n',
  admission: { without: ['ServiceAccount'] },
  log,
};

const stop = new AbortController();
await using owned = scope();
const server = await start(values['data-dir']);
if (!values['no-controllers']) {
  const user = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] };
  const client = createClient(server.transport(user), { fieldManager: 'kube-controller-manager' });
  startKubeControllers({ client, rootCa: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n', log }, stop.signal);
}
console.log('ready');
await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
stop.abort();

async function start(dataDir: string | undefined): Promise<ApiServer> {
  if (dataDir !== undefined) {
    const running = await startApiServer({ ...options, dataDir, bindAddress: '127.0.0.1', securePort: Number(values.port) }, owned);
    return running.server;
  }
  const api = owned.use(await createApiServer({ ...options, signingKey: { read: async () => undefined, write: async () => undefined } }));
  await api.listen({ host: '127.0.0.1', port: Number(values.port) });
  return api;
}
