import type { JsonObject } from '../json.ts';
import type { ServiceAccountTokens } from './service-account-tokens.ts';

/** What `/.well-known/openid-configuration` and `/openid/v1/jwks` answer, so that others can check service-account tokens. */
export function issuerDocuments({ issuer, key }: ServiceAccountTokens): { readonly discovery: JsonObject; readonly jwks: JsonObject } {
  const { kty = '', kid = '', alg = '', use = '', n = '', e = '' } = key.publicJwk;
  return {
    discovery: {
      issuer,
      jwks_uri: `${issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [key.alg],
    },
    jwks: { keys: [{ use, kty, kid, alg, n, e }] },
  };
}
