import type { Identity } from '@crownlabs/identity';

/** Answers the two documents by which an OpenID issuer's tokens are checked, for the API in the same process (OpenID Connect Discovery 1.0, §4). */
export function issuerDocuments(issuer: string, identity: () => Identity | undefined): (url: string) => Promise<Response> {
  return async (url) => {
    const keys = identity()?.publicKeys;
    if (url === `${issuer}/.well-known/openid-configuration`) return Response.json({ issuer, jwks_uri: `${issuer}/jwks` });
    if (url === `${issuer}/jwks` && keys) return Response.json(keys);
    return new Response('not ready', { status: 503 });
  };
}
