import { readFile } from 'node:fs/promises';
import { keycloakDirectory } from '@crownlabs/identity';
import type { Directory } from '@crownlabs/operators';
import type { Clock, Logger } from '@crownlabs/std';
import type { OperatorsSettings } from './settings.ts';

/** Where people are kept, as the settings say; `undefined` for the embedded provider, which reads Tenants itself. */
export function directoryOf(
  { directory: said, publicURL }: OperatorsSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Directory | undefined {
  if (said.kind === 'embedded') return undefined;
  const { url, realm, rolesClient, clientId, clientSecretFile, authRealm = realm, redirectURIs } = said;
  return keycloakDirectory({
    url: url.replace(/\/$/, ''),
    realm,
    rolesClient,
    redirectUris: redirectURIs ?? [`${publicURL.replace(/\/$/, '')}/auth/callback`],
    credentials: { realm: authRealm, clientId, secret: async () => (await readFile(clientSecretFile, 'utf8')).trim() },
    clock,
    log: log.child({ room: 'directory' }),
  });
}
