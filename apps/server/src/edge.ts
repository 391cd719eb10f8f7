import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { createUseReports, socketFetch } from '@crownlabs/auth';
import { createClient, httpTransport, machineStreams, podStreams, rebootMachine, review } from '@crownlabs/client';
import { createGateway, FileSessionStore, followLab } from '@crownlabs/gateway';
import { type Logger, scope, systemClock } from '@crownlabs/std';
import { appsDomainOf, placesBelow, type Resolved, ROOT } from './resolved-config.ts';
import { CLIENT_ID } from './room-identities.ts';
import { endOf } from './server-end.ts';

/** Runs the exposed process until `stop`: the gateway, with no more rights than its ServiceAccount and its own folder give. */
export async function edge(config: Resolved, log: Logger, stop: AbortSignal, ready: () => void): Promise<void> {
  await using owned = scope();
  const places = placesBelow(config.dataDir);
  dropPrivileges(config.edgeUser, log);
  await written(places.edge.token, stop);
  const endpoint = {
    server: `https://127.0.0.1:${config.apiPort}`,
    ca: await readFile(places.edge.ca, 'utf8'),
    tokenFile: places.edge.token,
  };
  const client = createClient(httpTransport(endpoint), { fieldManager: 'gateway', userAgent: 'crownlabs-gateway' });
  const streams = podStreams(endpoint);
  const machines = machineStreams(endpoint);
  const { watched, rights } = followLab(client, { clock: systemClock, log }, stop);
  const appsDomain = appsDomainOf(config);
  const uses = owned.use(createUseReports({ client, clock: systemClock, log }));
  const gateway = owned.use(
    createGateway({
      publicURL: config.publicURL,
      ...(appsDomain ? { appsDomain } : {}),
      issuer: {
        url: `${config.publicURL}/oidc`,
        clientId: CLIENT_ID,
        clientSecret: (await readFile(places.edge.clientSecret, 'utf8')).trim(),
        fetch: socketFetch(places.socket),
      },
      relay: { socketPath: places.socket },
      identity: { socketPath: places.socket },
      dashboard: join(ROOT, 'apps/dashboard/dist'),
      sessions: owned.use(new FileSessionStore(places.edge.sessions, systemClock)),
      key: await readFile(places.edge.sessionKey),
      review: (user, access) => review(client, user, access),
      watched,
      rights,
      uses,
      exec: (pod, command, signal) => streams.exec(pod, command, signal),
      machines: (machine, stream, signal) => machines.open(machine, stream, signal),
      reboot: (machine) => rebootMachine(client, machine),
      forward: (pod, port, signal) => streams.portForward(pod, port, signal),
      clock: systemClock,
      log,
    }),
  );
  const server = createServer((request, response) => gateway.request(request, response));
  const end = endOf(server);
  server.on('upgrade', (request, socket, head) => gateway.upgrade(request, socket, head));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(config.port, config.bind, resolve));
  owned.defer(end);
  ready();
  await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
}

/** From here on this process is nobody: what it needs was loaded, and its folder is its own. */
function dropPrivileges(user: Resolved['edgeUser'], log: Logger): void {
  if (!user || process.getuid?.() !== 0) return;
  // Nobody may not write there at the end. Without it every start compiled anew, and kept the 18 MB of the compiler.
  flushCompileCache();
  process.setgroups?.([user.gid]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  log.debug('Edge dropped its privileges', { uid: user.uid });
}

/** Waits for a file that the other process writes on the very first start. */
async function written(path: string, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const found = await readFile(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
    if (found) return;
    await systemClock.sleep(25, stop);
  }
}
