import { randomBytes } from 'node:crypto';
import { secrets } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { AccountClient } from './accounts.ts';
import { IDENTITY_NAMESPACE, secretOf, textOf } from './secret.ts';

/** What signs tokens and cookies. */
export interface SigningKeys {
  /** Private keys, the signing one first. */
  readonly jwks: { readonly keys: JWK[] };
  readonly cookieKeys: readonly string[];
}

const NAME = 'signing-keys';

/** Reads the keys, or makes them once: whoever loses the race to write reads the winner's. */
export async function loadSigningKeys(client: AccountClient): Promise<SigningKeys> {
  const known = textOf(await client.find(secrets, NAME, IDENTITY_NAMESPACE));
  if (known['jwks'] && known['cookies']) return { jwks: JSON.parse(known['jwks']), cookieKeys: JSON.parse(known['cookies']) };
  const secret = secretOf(NAME, {
    jwks: JSON.stringify({ keys: [await newKey()] }),
    cookies: JSON.stringify([randomBytes(32).toString('base64url')]),
  });
  try {
    await client.create(secrets, secret);
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
  }
  return loadSigningKeys(client);
}

// RS256 because it is the one algorithm that every Kubernetes API server accepts without a flag.
async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig' };
}
