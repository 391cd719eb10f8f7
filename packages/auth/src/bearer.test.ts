import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { bearerCheck, bearerOf } from './index.ts';

const ISSUER = 'https://lab.example.org/oidc';
const claims = { preferred_username: 'ada', name: 'Ada', email: 'a@example.org', groups: ['admin'] };

async function issuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const sign = (overrides: { issuer?: string; audience?: string; expires?: string } = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256' })
      .setSubject('ada')
      .setIssuer(overrides.issuer ?? ISSUER)
      .setAudience(overrides.audience ?? 'k8s')
      .setExpirationTime(overrides.expires ?? '5m')
      .sign(privateKey);
  return { sign, check: bearerCheck({ issuer: ISSUER, audience: 'k8s', keys: async () => publicKey }), publicKey };
}

test('a token of the issuer names a person', async () => {
  const { sign, check } = await issuer();
  expect(await check(await sign())).toEqual({ name: 'ada', displayName: 'Ada', email: 'a@example.org', groups: ['admin'] });
});

test('tokens of another issuer, another audience, or the past are refused', async () => {
  const { sign, check } = await issuer();
  for (const wrong of [{ issuer: 'https://evil.example' }, { audience: 'other' }, { expires: '-1m' }]) {
    await expect(check(await sign(wrong))).rejects.toMatchObject({ code: 'Unauthorized' });
  }
});

test('a token signed with nothing, or with the public key as a secret, is refused', async () => {
  const { check, publicKey } = await issuer();
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ ...claims, sub: 'ada', iss: ISSUER, aud: 'k8s', exp: 9e9 })).toString('base64url')}.`;
  await expect(check(none)).rejects.toMatchObject({ code: 'Unauthorized' });
  const secret = Buffer.from(JSON.stringify(await exportJWK(publicKey)));
  const confused = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ada')
    .setIssuer(ISSUER)
    .setAudience('k8s')
    .setExpirationTime('5m')
    .sign(secret);
  await expect(check(confused)).rejects.toMatchObject({ code: 'Unauthorized' });
});

test('only a bearer header carries a token', () => {
  expect(bearerOf({ authorization: 'Bearer abc.def' })).toBe('abc.def');
  expect(bearerOf({ authorization: 'Basic abc' })).toBeUndefined();
  expect(bearerOf({})).toBeUndefined();
});
