import type { Clock, Logger } from '@crownlabs/std';
import type { VirtualHandler } from '../authz/index.ts';
import type { Authenticator } from '../call.ts';
import type { JsonObject } from '../json.ts';
import type { ObjectReader } from '../object-reader.ts';
import { createAuthenticator, staticTokens } from './authenticator.ts';
import { identityReviews } from './identity-reviews.ts';
import { issuerDocuments } from './issuer-documents.ts';
import { type OidcOptions, oidcTokens } from './oidc.ts';
import { type ServiceAccountTokens, serviceAccountTokens } from './service-account-tokens.ts';
import { type KeyStorage, loadSigningKey } from './signing-key.ts';
import { readTokenFile } from './token-file.ts';
import { tokenRequests } from './token-request.ts';

/** What the API server knows of its users. */
export interface AuthenticationOptions {
  readonly reader: ObjectReader;
  readonly clock: Clock;
  readonly log: Logger;
  /** Issuer of service-account tokens and their default audience. */
  readonly serviceAccountIssuer: string;
  /** Default: the issuer. */
  readonly audiences?: readonly string[];
  readonly signingKey: KeyStorage;
  /** Text of a static token file. */
  readonly tokenFile?: string;
  readonly oidc?: readonly OidcOptions[];
}

/** All that authentication offers to the API server. */
export interface Authentication {
  readonly authenticate: Authenticator;
  /** SelfSubjectReview, TokenReview and `serviceaccounts/token`. */
  readonly handlers: readonly VirtualHandler[];
  readonly tokens: ServiceAccountTokens;
  /** Bodies of `/.well-known/openid-configuration` and `/openid/v1/jwks`. */
  readonly issuer: { readonly discovery: JsonObject; readonly jwks: JsonObject };
}

/** Authentication as configured; makes the signing key at the first start. */
export async function createAuthentication(options: AuthenticationOptions): Promise<Authentication> {
  const { reader, clock, log, serviceAccountIssuer: issuer, audiences = [issuer] } = options;
  const tokens = serviceAccountTokens({ issuer, key: await loadSigningKey(options.signingKey), reader, clock });
  const users = options.tokenFile === undefined ? undefined : readTokenFile(options.tokenFile);
  const known = [...(users ? [staticTokens(users)] : []), tokens, ...(options.oidc ?? []).map((one) => oidcTokens(one, clock))];
  const chain = { tokens: known, audiences, log };
  return {
    authenticate: createAuthenticator(chain),
    handlers: [...identityReviews(chain, clock), tokenRequests(tokens, reader, audiences)],
    tokens,
    issuer: issuerDocuments(tokens),
  };
}
