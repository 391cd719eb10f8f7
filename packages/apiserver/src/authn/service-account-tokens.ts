import { randomUUID } from 'node:crypto';
import { type Clock, LabError } from '@crownlabs/std';
import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { objectAt, textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { serviceAccountUser, type TokenAuthenticator, type TokenIdentity } from './identity.ts';
import { peekPayload } from './jwt-payload.ts';
import type { SigningKey } from './signing-key.ts';
import { type TokenCache, tokenCache } from './token-cache.ts';

/** An object with whose life a token ends. */
export interface BoundObject {
  readonly claim: 'pod' | 'node' | 'secret';
  readonly name: string;
  readonly uid: string;
}

/** What a token is to say. */
interface TokenOrder {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly audiences: readonly string[];
  readonly seconds: number;
  readonly bound: readonly BoundObject[];
}

/** Issues and checks the tokens of service accounts. */
export interface ServiceAccountTokens extends TokenAuthenticator {
  readonly issuer: string;
  readonly key: SigningKey;
  issue(order: TokenOrder): Promise<{ token: string; expires: number }>;
}

/** What the tokens rest on. */
export interface ServiceAccountTokenOptions {
  readonly issuer: string;
  readonly key: SigningKey;
  readonly reader: ObjectReader;
  readonly clock: Clock;
}

const CLAIM = 'kubernetes.io';
const EXTRA = 'authentication.kubernetes.io';
const CACHE_MS = 60_000;
const PLURALS = { pod: 'pods', node: 'nodes', secret: 'secrets' } as const;

/** Tokens signed with `key`. A token dies with its account, and with the object that it is bound to. */
export function serviceAccountTokens(options: ServiceAccountTokenOptions): ServiceAccountTokens {
  const cache = tokenCache<JWTPayload>(options.clock, CACHE_MS);
  return {
    issuer: options.issuer,
    key: options.key,
    issue: (order) => issue(options, order),
    authenticate: (token, audiences) => authenticate(options, cache, token, audiences),
  };
}

async function issue({ issuer, key, clock }: ServiceAccountTokenOptions, order: TokenOrder): Promise<{ token: string; expires: number }> {
  const now = Math.floor(clock.now() / 1000);
  const expires = now + order.seconds;
  const own: Record<string, unknown> = { namespace: order.namespace, serviceaccount: order.serviceAccount };
  for (const { claim, name, uid } of order.bound) own[claim] = { name, uid };
  const token = await new SignJWT({ [CLAIM]: own })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .setIssuer(issuer)
    .setSubject(serviceAccountUser(order.namespace, order.serviceAccount.name).username)
    .setAudience([...order.audiences])
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(expires)
    .setJti(randomUUID())
    .sign(key.privateKey);
  return { token, expires: expires * 1000 };
}

async function authenticate(
  { issuer, key, clock, reader }: ServiceAccountTokenOptions,
  cache: TokenCache<JWTPayload>,
  token: string,
  audiences: readonly string[],
): Promise<TokenIdentity | undefined> {
  if (peekPayload(token)?.['iss'] !== issuer) return undefined;
  const currentDate = new Date(clock.now());
  const claims = await cache.get(token, async () => {
    const { payload } = await jwtVerify(token, key.publicKey, { issuer, algorithms: [key.alg], currentDate });
    return payload;
  });
  if ((claims.exp ?? 0) * 1000 <= clock.now()) throw new LabError('Unauthorized', 'the token has expired');
  const named = [claims.aud ?? []].flat();
  const common = audiences.filter((audience) => named.includes(audience));
  if (common.length === 0) throw new LabError('Unauthorized', 'the token is not meant for this audience');
  return { user: liveUser(claims, reader), audiences: common };
}

/** The user, as long as account and bound objects are the very ones that the token names. */
function liveUser(claims: JWTPayload, reader: ObjectReader): TokenIdentity['user'] {
  const own = asJson(claims[CLAIM]);
  const namespace = textAt(own, 'namespace');
  const account = readClaim(own, 'serviceaccount');
  if (!account || !lives(reader, 'serviceaccounts', account, namespace)) throw new LabError('Unauthorized', 'the service account is gone');
  const extra: Record<string, readonly string[]> = { [`${EXTRA}/credential-id`]: [`JTI=${claims.jti ?? ''}`] };
  for (const [claim, plural] of Object.entries(PLURALS)) {
    const bound = readClaim(own, claim);
    if (!bound) continue;
    // The node in a pod's token only says where it runs; the token is bound to the pod.
    const informative = claim === 'node' && own?.['pod'] !== undefined;
    if (!informative && !lives(reader, plural, bound, claim === 'node' ? undefined : namespace)) {
      throw new LabError('Unauthorized', `the ${claim} that the token is bound to is gone`);
    }
    if (claim === 'secret') continue;
    extra[`${EXTRA}/${claim}-name`] = [bound.name];
    extra[`${EXTRA}/${claim}-uid`] = [bound.uid];
  }
  return { ...serviceAccountUser(namespace, account.name), uid: account.uid, extra };
}

function lives(reader: ObjectReader, plural: string, { name, uid }: { name: string; uid: string }, namespace?: string): boolean {
  return textAt(reader.get({ group: '', plural }, name, namespace), 'metadata', 'uid') === uid;
}

function readClaim(own: JsonObject | undefined, claim: string): { name: string; uid: string } | undefined {
  const object = objectAt(own, claim);
  return object && { name: textAt(object, 'name'), uid: textAt(object, 'uid') };
}

function asJson(value: unknown): JsonObject | undefined {
  const json = value as Json | undefined; // a verified JWT's claims came from JSON.parse
  return isObject(json) ? json : undefined;
}
