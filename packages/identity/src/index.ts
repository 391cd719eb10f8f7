export { type AccountClient, type Accounts, createAccounts, type NewUser } from './accounts.ts';
export { createIdentity, type Identity, type IdentityOptions } from './identity.ts';
export { type KeycloakDirectory, type KeycloakOptions, type KeycloakPerson, keycloakDirectory } from './keycloak/keycloak-directory.ts';
export { generatePassword } from './password.ts';
export { AUDIENCE, CLI_CLIENT, type GatewayClient } from './provider.ts';
export { IDENTITY_NAMESPACE } from './secret.ts';
export type { Claims, Membership } from './tenant.ts';
