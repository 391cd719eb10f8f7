import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, httpTransport, review } from '@crownlabs/client';
import { createGateway, FileSessionStore, followLab } from '@crownlabs/gateway';
import { scope, silent, systemClock } from '@crownlabs/std';
import type { Cluster } from '../operators/cluster.ts';
import type { KeycloakServer } from './keycloak-server.ts';

/** The gateway of the product in front of a cluster, with Keycloak as its issuer. */
export interface Door extends AsyncDisposable {
  readonly origin: string;
  /** Opens it, when the client of the gateway has its secret. */
  open(cluster: Cluster, issuer: { readonly keycloak: KeycloakServer; readonly clientSecret: string }): void;
}

/** Listens on a port of its own, so that its address is known to whoever registers it. */
export async function gatewayDoor(): Promise<Door> {
  const owned = scope();
  const folder = mkdtempSync(join(tmpdir(), 'keycloak-gateway-'));
  owned.defer(() => rmSync(folder, { recursive: true, force: true }));
  const server = createServer();
  owned.defer(() => void server.close());
  const origin = `http://localhost:${await portOf(server)}`;
  // What would be the relay tells which bearer it got.
  const relay = createServer((request, response) => response.end(JSON.stringify({ bearer: request.headers.authorization })));
  owned.defer(() => void relay.close());
  const relayPort = await portOf(relay);
  const end = new AbortController();
  owned.defer(() => end.abort());
  const open: Door['open'] = ({ endpoint }, { keycloak, clientSecret }) => {
    const client = createClient(httpTransport(endpoint), { fieldManager: 'gateway' });
    const { watched, rights } = followLab(client, { clock: systemClock, log: silent }, end.signal);
    const none = () => Promise.reject(new Error('nobody opens an environment here'));
    const gateway = createGateway({
      publicURL: origin,
      issuer: {
        url: `${keycloak.publicUrl}/realms/crownlabs`,
        clientId: 'k8s',
        clientSecret,
        fetch: (url, init) => askPlainly(keycloak, url, init),
      },
      relay: { host: '127.0.0.1', port: relayPort },
      dashboard: folder,
      sessions: owned.use(new FileSessionStore(join(folder, 'sessions.db'), systemClock)),
      key: randomBytes(32),
      review: (user, access) => review(client, user, access),
      watched,
      rights,
      exec: none,
      machines: none,
      reboot: none,
      uses: { used: () => undefined, keep: none, [Symbol.asyncDispose]: async () => undefined },
      clock: systemClock,
      log: silent,
    });
    owned.use(gateway);
    server.on('request', gateway.request);
  };
  return { origin, open, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

/** Where no certificate is needed; there, Keycloak says of itself what it would say at its public address. */
async function askPlainly({ url: plain, publicUrl }: KeycloakServer, url: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url.replace(publicUrl, plain), init);
  const type = answer.headers.get('content-type') ?? 'text/plain';
  return new Response((await answer.text()).replaceAll(plain, publicUrl), { status: answer.status, headers: { 'content-type': type } });
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a server listens on a port');
  return address.port;
}
