import { silent } from '@crownlabs/std';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { admissionCall } from '../fakes/admission-call.ts';
import { objectReader } from '../fakes/object-reader.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import { createAuthentication } from './authentication.ts';
import type { OidcOptions } from './oidc.ts';

const NOW = Date.parse('2026-03-01T10:00:00Z');

async function lab(options: { tokenFile?: string; oidc?: OidcOptions[] } = {}) {
  const reader = objectReader();
  let now = NOW;
  let pem: string | undefined;
  const authentication = await createAuthentication({
    reader,
    clock: { now: () => now, sleep: () => Promise.resolve() },
    log: silent,
    serviceAccountIssuer: 'https://kubernetes.default.svc',
    signingKey: {
      read: async () => pem,
      write: async (text) => {
        pem = text;
      },
    },
    ...options,
  });
  const request = authentication.handlers.find(({ kind }) => kind === 'TokenRequest');
  async function token(spec: JsonObject): Promise<string> {
    const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec };
    const answer = await request?.create(admissionCall({ namespace: 'n', name: 'bot', object }));
    return textAt(answer, 'status', 'token');
  }
  const who = (bearer: string) => authentication.authenticate({ authorization: `Bearer ${bearer}` }, undefined);
  return { ...authentication, reader, token, who, later: (ms: number) => (now += ms), pem: () => pem };
}

const account = { metadata: { name: 'bot', namespace: 'n', uid: 'u1' } };
const pods = { group: '', plural: 'pods' };
const accounts = { group: '', plural: 'serviceaccounts' };

describe('a static token', () => {
  const tokenFile = 'secret,ada,7,"lab,system:masters"\n\n# a remark\nplain,bob,8\n';

  test('names a user with groups, who is authenticated', async () => {
    const { who } = await lab({ tokenFile });
    expect(await who('secret')).toEqual({ username: 'ada', uid: '7', groups: ['lab', 'system:masters', 'system:authenticated'] });
    expect(await who('plain')).toEqual({ username: 'bob', uid: '8', groups: ['system:authenticated'] });
  });

  test('that nobody has is refused, while a request without one is nobody', async () => {
    const { who, authenticate } = await lab({ tokenFile });
    await expect(who('wrong')).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(await authenticate({}, undefined)).toBeUndefined();
    expect(await authenticate({ authorization: 'Basic YTpi' }, undefined)).toBeUndefined();
  });
});

test('a client certificate names its user and groups', async () => {
  const { authenticate } = await lab();
  expect(await authenticate({}, { commonName: 'system:node:one', organizations: ['system:nodes'] })).toEqual({
    username: 'system:node:one',
    groups: ['system:nodes', 'system:authenticated'],
  });
});

describe('a service account token', () => {
  test('stands for its account until it expires', async () => {
    const { reader, token, who, later } = await lab();
    reader.put(accounts, account);
    const bearer = await token({});
    expect(await who(bearer)).toMatchObject({
      username: 'system:serviceaccount:n:bot',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'],
    });
    later(3_600_000);
    await expect(who(bearer)).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  test('dies with its account, also when one of the same name comes back', async () => {
    const { reader, token, who } = await lab();
    reader.put(accounts, account);
    const bearer = await token({});
    await who(bearer);
    reader.put(accounts, { metadata: { ...account.metadata, uid: 'u2' } });
    await expect(who(bearer)).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  test('bound to a pod dies with the pod', async () => {
    const { reader, token, who } = await lab();
    reader.put(accounts, account);
    reader.put(pods, { metadata: { name: 'p', namespace: 'n', uid: 'p1' }, spec: { serviceAccountName: 'bot' } });
    const bearer = await token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } });
    expect((await who(bearer))?.extra).toMatchObject({ 'authentication.kubernetes.io/pod-name': ['p'] });
    reader.remove(pods, 'p', 'n');
    await expect(who(bearer)).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  test('for another audience is not accepted here', async () => {
    const { reader, token, who } = await lab();
    reader.put(accounts, account);
    await expect(who(await token({ audiences: ['labs'] }))).rejects.toMatchObject({ code: 'Unauthorized' });
  });

  test('needs at least ten minutes', async () => {
    const { reader, token } = await lab();
    reader.put(accounts, account);
    await expect(token({ expirationSeconds: 30 })).rejects.toThrow(
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 30: may not specify a duration less than 10 minutes',
    );
  });
});

describe('a token of an OpenID issuer', () => {
  async function issuer() {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' };
    const answers: Record<string, unknown> = {
      'https://lab/oidc/.well-known/openid-configuration': { issuer: 'https://lab/oidc', jwks_uri: 'https://lab/oidc/jwks' },
      'https://lab/oidc/jwks': { keys: [jwk] },
    };
    const options: OidcOptions = {
      issuerUrl: 'https://lab/oidc',
      clientIds: ['other', 'k8s'],
      usernameClaim: 'preferred_username',
      usernamePrefix: '-',
      groupsClaim: 'groups',
      groupsPrefix: 'kubernetes:',
      fetch: async (url) => Response.json(answers[url] ?? null),
    };
    const sign = (claims: Record<string, unknown>) =>
      new SignJWT({ iss: 'https://lab/oidc', aud: 'k8s', exp: NOW / 1000 + 60, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .sign(privateKey);
    return { options, sign };
  }

  test('becomes a user with prefixed groups', async () => {
    const { options, sign } = await issuer();
    const { who } = await lab({ oidc: [options] });
    expect(await who(await sign({ preferred_username: 'ada', groups: ['admin'] }))).toEqual({
      username: 'ada',
      groups: ['kubernetes:admin', 'system:authenticated'],
    });
  });

  test('for another client, without a name, or from another key is refused', async () => {
    const { options, sign } = await issuer();
    const { who } = await lab({ oidc: [options] });
    const stranger = await issuer();
    await expect(who(await sign({ preferred_username: 'ada', aud: 'x' }))).rejects.toMatchObject({ code: 'Unauthorized' });
    await expect(who(await sign({}))).rejects.toMatchObject({ code: 'Unauthorized' });
    await expect(who(await stranger.sign({ preferred_username: 'ada' }))).rejects.toMatchObject({ code: 'Unauthorized' });
  });
});
