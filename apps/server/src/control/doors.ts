import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CROWNLABS_GROUP, LAB_GROUP } from '@crownlabs/api';
import type { ApiServer } from '@crownlabs/apiserver';
import { createIdentity, type Identity } from '@crownlabs/identity';
import { createRelay } from '@crownlabs/relay';
import { type Logger, type Scope, systemClock } from '@crownlabs/std';
import { listenOnSocket } from '../control-socket.ts';
import { readSecret } from '../key-files.ts';
import { placesBelow, type Resolved } from '../resolved-config.ts';
import { CLIENT_ID, roomUser } from '../room-identities.ts';
import { clientOf } from './api.ts';

/** Opens the OpenID provider: its users are Tenants, its secrets are in the API. */
export async function openIdentity(server: ApiServer, config: Resolved, { owned, log }: { owned: Scope; log: Logger }): Promise<Identity> {
  const places = placesBelow(config.dataDir);
  await mkdir(dirname(places.grants), { recursive: true, mode: 0o700 });
  return owned.use(
    await createIdentity({
      issuer: `${config.publicURL}/oidc`,
      client: clientOf(server.transport(roomUser('identity')), 'identity'),
      clock: systemClock,
      log: log.child({ room: 'identity' }),
      grants: places.grants,
      gateway: { id: CLIENT_ID, secret: await readSecret(places.edge.clientSecret), redirectUris: [`${config.publicURL}/auth/callback`] },
    }),
  );
}

/** Opens the relay and serves it and the provider on the socket that the edge may open. */
export async function openDoors(
  server: ApiServer,
  identity: Identity,
  { config, owned, log }: { config: Resolved; owned: Scope; log: Logger },
): Promise<void> {
  const relay = owned.use(
    createRelay({
      client: clientOf(server.transport(roomUser('relay')), 'relay'),
      transportFor: (bearer) => withBearer(server, bearer),
      groups: [CROWNLABS_GROUP, LAB_GROUP],
      clock: systemClock,
      log: log.child({ room: 'relay' }),
    }),
  );
  const doors = [
    { path: '/graph', handler: relay.handler.bind(relay), upgrade: relay.upgrade.bind(relay) },
    { path: '/oidc', handler: identity.handler.bind(identity) },
  ];
  owned.use(await listenOnSocket(placesBelow(config.dataDir).socket, doors, config.edgeUser));
}

function withBearer(server: ApiServer, bearer: string): ReturnType<ApiServer['transport']> {
  const transport = server.transport();
  return (request) => transport({ ...request, headers: { ...request.headers, authorization: `Bearer ${bearer}` } });
}
