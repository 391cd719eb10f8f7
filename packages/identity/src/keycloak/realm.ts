import type KeycloakAdminClient from '@keycloak/keycloak-admin-client';

/** Where the products' people are. */
export interface RealmOptions {
  readonly realm: string;
  /** The client whose roles are memberships. */
  readonly rolesClient: string;
  /** Where it may send people back to. */
  readonly redirectUris: readonly string[];
}

/** The claim in which Kubernetes reads the groups: the roles of our client, one a membership. */
const mappers = (rolesClient: string) => [
  {
    name: 'groups',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-usermodel-client-role-mapper',
    config: {
      'claim.name': 'groups',
      'jsonType.label': 'String',
      multivalued: 'true',
      'usermodel.clientRoleMapping.clientId': rolesClient,
      'id.token.claim': 'true',
      'access.token.claim': 'true',
      'userinfo.token.claim': 'true',
    },
  },
  {
    name: 'audience',
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: { 'included.client.audience': rolesClient, 'id.token.claim': 'false', 'access.token.claim': 'true' },
  },
];

/** Makes the realm where it is missing; one that is there is an administrator's, and stays as it is. */
export async function ensureRealm(admin: KeycloakAdminClient, { realm }: RealmOptions): Promise<void> {
  if (await admin.realms.findOne({ realm })) return;
  await admin.realms.create({
    realm,
    enabled: true,
    displayName: 'CrownLabs',
    registrationAllowed: false,
    resetPasswordAllowed: true,
    bruteForceProtected: true,
    internationalizationEnabled: true,
    supportedLocales: ['en', 'it'],
    defaultLocale: 'en',
    // By events we hear that somebody confirmed an address.
    eventsEnabled: true,
    enabledEventTypes: ['VERIFY_EMAIL', 'UPDATE_EMAIL', 'CUSTOM_REQUIRED_ACTION', 'EXECUTE_ACTIONS', 'LOGIN', 'LOGIN_ERROR'],
    eventsExpiration: 604_800,
    adminEventsEnabled: true,
  });
}

/** The internal id of the client whose roles are memberships; made where it is missing. */
export async function ensureRolesClient(admin: KeycloakAdminClient, { realm, rolesClient, redirectUris }: RealmOptions): Promise<string> {
  const [found] = await admin.clients.find({ realm, clientId: rolesClient });
  if (found?.id !== undefined) return found.id;
  const made = await admin.clients.create({
    realm,
    clientId: rolesClient,
    protocol: 'openid-connect',
    publicClient: false,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: false,
    redirectUris: [...redirectUris],
    attributes: { 'pkce.code.challenge.method': 'S256' },
    protocolMappers: mappers(rolesClient),
  });
  return made.id;
}
