import { type Clock, hasCode, LabError, messageOf } from '@crownlabs/std';
import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { UserInfo } from '../user.ts';
import type { TokenAuthenticator, TokenIdentity } from './identity.ts';
import { peekPayload } from './jwt-payload.ts';
import { type TokenCache, tokenCache } from './token-cache.ts';

/** How tokens of one OpenID Connect issuer become users. The names are those of kube-apiserver's flags. */
export interface OidcOptions {
  readonly issuerUrl: string;
  /** A token for any one of them is good. */
  readonly clientIds: readonly string[];
  /** Default `sub`. */
  readonly usernameClaim?: string;
  /** Default `<issuer>#`, or nothing for the claim `email`; `-` means nothing. */
  readonly usernamePrefix?: string;
  readonly groupsClaim?: string;
  readonly groupsPrefix?: string;
  /** Default RS256. */
  readonly signingAlgs?: readonly string[];
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Reaches the issuer; an issuer of our own is answered in process. */
  readonly fetch: FetchImplementation;
}

const CACHE_MS = 30_000;

/** Understands ID tokens of one issuer. Nothing is fetched before the first of its tokens comes. */
export function oidcTokens(options: OidcOptions, clock: Clock): TokenAuthenticator {
  const cache = tokenCache<JWTPayload>(clock, CACHE_MS);
  const keys = lazyKeys(options);
  return { authenticate: (token, audiences) => authenticate({ options, clock, cache, keys }, token, audiences) };
}

interface Oidc {
  readonly options: OidcOptions;
  readonly clock: Clock;
  readonly cache: TokenCache<JWTPayload>;
  readonly keys: () => Promise<JWTVerifyGetKey>;
}

async function authenticate(
  { options, clock, cache, keys }: Oidc,
  token: string,
  audiences: readonly string[],
): Promise<TokenIdentity | undefined> {
  if (peekPayload(token)?.['iss'] !== options.issuerUrl) return undefined;
  const claims = await cache.get(token, () => verify(options, clock, token, keys));
  if ((claims.exp ?? 0) * 1000 <= clock.now()) throw new LabError('Unauthorized', 'the token has expired');
  return { user: userOf(options, claims), audiences };
}

async function verify(options: OidcOptions, clock: Clock, token: string, keys: () => Promise<JWTVerifyGetKey>): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, await keys(), {
      issuer: options.issuerUrl,
      audience: [...options.clientIds],
      algorithms: [...(options.signingAlgs ?? ['RS256'])],
      requiredClaims: ['exp'],
      currentDate: new Date(clock.now()),
    });
    return payload;
  } catch (error) {
    if (hasCode(error, 'ServiceUnavailable')) throw error;
    throw new LabError('Unauthorized', `the token of ${options.issuerUrl} is not valid: ${messageOf(error)}`, { cause: error });
  }
}

/** The issuer's keys: its discovery document is read once, its keys again when a token names an unknown one. */
function lazyKeys({ issuerUrl, fetch }: OidcOptions): () => Promise<JWTVerifyGetKey> {
  let found: Promise<JWTVerifyGetKey> | undefined;
  async function discover(): Promise<JWTVerifyGetKey> {
    const url = `${issuerUrl.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { headers: new Headers(), method: 'GET', redirect: 'manual', signal: AbortSignal.timeout(10_000) });
    const document: unknown = answer.status === 200 ? await answer.json() : undefined;
    if (!isDiscovery(document) || document.issuer !== issuerUrl) {
      throw new LabError('ServiceUnavailable', `${url} is not the discovery document of ${issuerUrl} (status ${answer.status})`);
    }
    return createRemoteJWKSet(new URL(document.jwks_uri), { [customFetch]: fetch });
  }
  return () => {
    found ??= discover();
    // An issuer that is not up yet is asked again with the next token.
    found.catch(() => {
      found = undefined;
    });
    return found;
  };
}

function isDiscovery(value: unknown): value is { issuer: string; jwks_uri: string } {
  if (typeof value !== 'object' || value === null || !('issuer' in value) || !('jwks_uri' in value)) return false;
  return typeof value.issuer === 'string' && typeof value.jwks_uri === 'string';
}

function userOf(options: OidcOptions, claims: JWTPayload): UserInfo {
  const { usernameClaim = 'sub', groupsClaim, groupsPrefix = '', requiredClaims = {} } = options;
  for (const [claim, value] of Object.entries(requiredClaims)) {
    if (claims[claim] !== value) throw new LabError('Unauthorized', `the token lacks the required claim ${claim}`);
  }
  const username = claims[usernameClaim];
  if (typeof username !== 'string' || username === '') throw new LabError('Unauthorized', `the token has no claim ${usernameClaim}`);
  if (usernameClaim === 'email' && 'email_verified' in claims && claims['email_verified'] !== true) {
    throw new LabError('Unauthorized', 'the e-mail address of the token is not verified');
  }
  return {
    username: `${usernamePrefix(options, usernameClaim)}${username}`,
    groups: groupsOf(claims, groupsClaim).map((group) => `${groupsPrefix}${group}`),
  };
}

function usernamePrefix({ usernamePrefix: prefix, issuerUrl }: OidcOptions, claim: string): string {
  if (prefix === '-') return '';
  return prefix ?? (claim === 'email' ? '' : `${issuerUrl}#`);
}

function groupsOf(claims: JWTPayload, claim: string | undefined): string[] {
  const value = claim === undefined ? undefined : claims[claim];
  if (value === undefined) return [];
  const groups: unknown[] = Array.isArray(value) ? value : [value];
  if (!groups.every((group) => typeof group === 'string')) throw new LabError('Unauthorized', `the claim ${claim} is not a list of texts`);
  return groups;
}
