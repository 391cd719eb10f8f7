import { LabError } from '@crownlabs/std';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type Person, personOf } from './person.ts';

/** A fetch, as far as calls to an issuer need one. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Which tokens are believed. */
export interface BearerOptions {
  readonly issuer: string;
  readonly audience: string;
  /** The keys themselves, for a room beside the issuer; or where they are read, and how. */
  readonly keys: JWTVerifyGetKey | { readonly url: string; readonly fetch?: Fetch };
}

// The algorithms of public keys alone: a token signed with "none" or with a shared secret is no token.
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'PS256', 'ES384', 'RS384', 'RS512'];

/** Checks bearer tokens of one issuer. Throws Unauthorized, never saying more than needed. */
export function bearerCheck({ issuer, audience, keys }: BearerOptions): (token: string) => Promise<Person> {
  const key = typeof keys === 'function' ? keys : remoteKeys(keys);
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, key, { issuer, audience, algorithms: ALGORITHMS, requiredClaims: ['exp', 'sub'] });
      const person = personOf(payload);
      if (person) return person;
    } catch (error) {
      throw new LabError('Unauthorized', 'The token is not valid, or no longer.', { cause: error });
    }
    throw new LabError('Unauthorized', 'The token names nobody.');
  };
}

function remoteKeys({ url, fetch }: { url: string; fetch?: Fetch }): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), fetch ? { [customFetch]: fetch } : {});
}

/** The token of an `authorization` header, if it is a bearer. */
export function bearerOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const { authorization } = headers;
  return typeof authorization === 'string' ? /^Bearer ([\w.~+/=-]+)$/i.exec(authorization)?.[1] : undefined;
}
