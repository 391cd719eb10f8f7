import { randomUUID } from 'node:crypto';
import { type Clock, LabError } from '@crownlabs/std';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
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
const EXPIRED = 'service account token has expired';
const INVALIDATED = 'service account token has been invalidated';
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
  for (const { claim, name, uid } of order.bound) own[claim] = uid === '' ? { name } : { name, uid };
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
    const { payload } = await jwtVerify(token, key.publicKey, { issuer, algorithms: [key.alg], currentDate }).catch(refuse);
    return payload;
  });
  if ((claims.exp ?? 0) * 1000 <= clock.now()) throw new LabError('Unauthorized', EXPIRED);
  const named = [claims.aud ?? []].flat();
  const common = audiences.filter((audience) => named.includes(audience));
  if (common.length === 0) {
    throw new LabError('Unauthorized', `token audiences ${list(named)} is invalid for the target audiences ${list(audiences)}`);
  }
  return { user: liveUser(claims, reader), audiences: common };
}

/** Why a token is none, in the words that other tools know from TokenReviews. */
function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw new LabError('Unauthorized', EXPIRED);
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    throw new LabError('Unauthorized', 'go-jose/go-jose: error in cryptographic primitive', { cause: error });
  }
  throw error;
}

function list(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}

/** The user, as long as account and bound objects are the very ones that the token names. */
function liveUser(claims: JWTPayload, reader: ObjectReader): TokenIdentity['user'] {
  const own = asJson(claims[CLAIM]);
  const namespace = textAt(own, 'namespace');
  const account = liveAccount(reader, own, namespace);
  const extra: Record<string, readonly string[]> = { [`${EXTRA}/credential-id`]: [`JTI=${claims.jti ?? ''}`] };
  for (const [claim, plural] of Object.entries(PLURALS)) {
    const bound = readClaim(own, claim);
    if (!bound) continue;
    // The node in a pod's token only says where it runs; the token is bound to the pod.
    const informative = claim === 'node' && own?.['pod'] !== undefined;
    if (!informative && !lives(reader, plural, bound, claim === 'node' ? undefined : namespace)) {
      throw new LabError('Unauthorized', INVALIDATED);
    }
    if (claim !== 'secret') Object.assign(extra, boundExtra(claim, bound));
  }
  return { ...serviceAccountUser(namespace, account.name), uid: account.uid, extra };
}

interface Named {
  readonly name: string;
  readonly uid: string;
}

function liveAccount(reader: ObjectReader, own: JsonObject | undefined, namespace: string): Named {
  const account = readClaim(own, 'serviceaccount');
  if (!account) throw new LabError('Unauthorized', INVALIDATED);
  const there = reader.get({ group: '', plural: 'serviceaccounts' }, account.name, namespace);
  if (!there) throw new LabError('Unauthorized', `serviceaccounts ${JSON.stringify(account.name)} not found`);
  const uid = textAt(there, 'metadata', 'uid');
  if (uid !== account.uid) throw new LabError('Unauthorized', `service account UID (${uid}) does not match claim (${account.uid})`);
  return account;
}

/** Of a node that nobody registered there is only the name. */
function boundExtra(claim: string, { name, uid }: Named): Record<string, readonly string[]> {
  return { [`${EXTRA}/${claim}-name`]: [name], ...(uid !== '' && { [`${EXTRA}/${claim}-uid`]: [uid] }) };
}

function lives(reader: ObjectReader, plural: string, { name, uid }: Named, namespace?: string): boolean {
  return textAt(reader.get({ group: '', plural }, name, namespace), 'metadata', 'uid') === uid;
}

function readClaim(own: JsonObject | undefined, claim: string): Named | undefined {
  const object = objectAt(own, claim);
  return object && { name: textAt(object, 'name'), uid: textAt(object, 'uid') };
}

function asJson(value: unknown): JsonObject | undefined {
  const json = value as Json | undefined; // a verified JWT's claims came from JSON.parse
  return isObject(json) ? json : undefined;
}
