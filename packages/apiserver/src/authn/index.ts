export { type Authentication, createAuthentication } from './authentication.ts';
export { ANONYMOUS, serviceAccountUser, UNAUTHENTICATED } from './identity.ts';
export { userJson } from './identity-reviews.ts';
export { impersonate } from './impersonation.ts';
export type { OidcOptions } from './oidc.ts';
export type { KeyStorage } from './signing-key.ts';
