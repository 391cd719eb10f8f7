import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { silent } from '@crownlabs/std';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CLI_CLIENT, createIdentity, type Identity } from './index.ts';
import { memoryClient } from './memory-client.ts';

const CALLBACK = 'http://localhost/auth/callback';
const VERIFIER = 'a-verifier-that-is-long-enough-for-the-specification-0123456789';
const PASSWORD = 'blue tractor on the moon';

let identity: Identity;
let server: Server;
let issuer: string;
let now: number;
const client = memoryClient();
const clock = { now: () => now, sleep: async () => undefined };

beforeEach(async () => {
  now = Date.now();
  server = createServer((request, response) => identity.handler(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  issuer = `http://localhost:${typeof address === 'object' ? address?.port : 0}/oidc`;
  identity = await createIdentity({
    issuer,
    client,
    clock,
    log: silent,
    grants: ':memory:',
    gateway: { id: 'k8s', secret: 'a secret of the gateway', redirectUris: [CALLBACK] },
  });
  await identity.accounts.createUser({
    name: 'ada',
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.org',
    workspaces: [
      { name: 'netgroup', role: 'manager' },
      { name: 'maths', role: 'candidate' },
    ],
    password: PASSWORD,
  });
});

afterEach(async () => {
  await identity[Symbol.asyncDispose]();
  server.close();
  server.closeAllConnections();
});

/** A browser without script: keeps cookies, follows redirects of this origin only. */
function browser() {
  const jar = new Map<string, string>();
  return async function visit(url: string, form?: Record<string, string>, origin = new URL(issuer).origin): Promise<Response> {
    const response = await fetch(url.replace('//localhost', '//127.0.0.1'), {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: {
        accept: 'text/html',
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form ? { origin, 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(form ? { body: new URLSearchParams(form).toString() } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  };
}

async function challenge(): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(VERIFIER))).toString('base64url');
}

async function authorizationUrl(overrides: Record<string, string> = {}): Promise<string> {
  const params = {
    client_id: 'k8s',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid profile email groups',
    state: 's',
    nonce: 'n',
    code_challenge: await challenge(),
    code_challenge_method: 'S256',
    ...overrides,
  };
  return `${issuer}/auth?${new URLSearchParams(params).toString()}`;
}

const locationOf = (response: Response) => new URL(response.headers.get('location') ?? '', issuer).href;

async function signInAs(visit: ReturnType<typeof browser>, name: string, password: string, url?: string): Promise<Response> {
  const page = await visit(url ?? (await authorizationUrl()));
  return visit(locationOf(page), { name, password });
}

async function exchange(form: Record<string, string>): Promise<Record<string, string>> {
  const basic = Buffer.from(`k8s:${encodeURIComponent('a secret of the gateway')}`).toString('base64');
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });
  return (await response.json()) as Record<string, string>;
}

async function tokens(visit: ReturnType<typeof browser>): Promise<Record<string, string>> {
  const done = await visit(locationOf(await signInAs(visit, 'ada', PASSWORD)));
  const code = new URL(locationOf(done)).searchParams.get('code') ?? '';
  return exchange({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER });
}

test('a person signs in and gets tokens that say who she is and which workspaces she is in', async () => {
  const answer = await tokens(browser());
  const keys = createLocalJWKSet({ keys: [...identity.publicKeys.keys] as never });
  for (const token of [answer['id_token'] ?? '', answer['access_token'] ?? '']) {
    const { payload } = await jwtVerify(token, keys, { issuer, audience: 'k8s' });
    expect(payload).toMatchObject({ sub: 'ada', preferred_username: 'ada', name: 'Ada Lovelace', email: 'ada@example.org' });
    expect(payload['groups']).toEqual(['workspace-netgroup:manager']);
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
  }
});

test('a refreshed token carries the groups of now', async () => {
  const { refresh_token = '' } = await tokens(browser());
  await identity.accounts.setAdmin('ada', true);
  const renewed = await exchange({ grant_type: 'refresh_token', refresh_token });
  expect(decodeJwt(renewed['id_token'] ?? '')['groups']).toEqual(['admin', 'workspace-netgroup:manager']);
  await identity.accounts.setAdmin('ada', false);
});

test('a second sign-in in the same browser asks for nothing; after the gateway revoked its token it asks again', async () => {
  const visit = browser();
  const { refresh_token = '' } = await tokens(visit);
  expect(locationOf(await visit(await authorizationUrl()))).toContain('/auth/callback?code=');
  const basic = Buffer.from(`k8s:${encodeURIComponent('a secret of the gateway')}`).toString('base64');
  const revoked = await fetch(`${issuer}/token/revocation`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token: refresh_token }).toString(),
  });
  expect(revoked.status).toBe(200);
  expect(locationOf(await visit(await authorizationUrl()))).toContain('/interaction/');
});

test('a wrong password and an unknown name get the very same answer', async () => {
  const wrong = await signInAs(browser(), 'ada', 'not the password');
  const unknown = await signInAs(browser(), 'nobody', 'not the password');
  const text = async (response: Response, name: string) =>
    (await response.text()).replaceAll(/interaction\/[\w-]+/g, '').replaceAll(name, 'NAME');
  expect([wrong.status, unknown.status]).toEqual([401, 401]);
  expect(await text(wrong, 'ada')).toBe(await text(unknown, 'nobody'));
});

test('after a few failures the account is locked for that address, even with the right password, and opens again', async () => {
  const visit = browser();
  const form = locationOf(await visit(await authorizationUrl()));
  for (let tries = 0; tries < 5; tries += 1) await visit(form, { name: 'ada', password: 'guess' });
  const locked = await visit(form, { name: 'ada', password: PASSWORD });
  expect(locked.status).toBe(429);
  expect(await locked.text()).toContain('Try again in one minute');
  now += 61_000;
  expect((await visit(form, { name: 'ada', password: PASSWORD })).status).toBe(303);
});

test('a form from another site is refused', async () => {
  const visit = browser();
  const form = locationOf(await visit(await authorizationUrl()));
  expect((await visit(form, { name: 'ada', password: PASSWORD }, 'http://evil.example')).status).toBe(403);
});

test('a sign-in page cannot be continued in another browser', async () => {
  const form = locationOf(await browser()(await authorizationUrl()));
  const stolen = await browser()(form, { name: 'ada', password: PASSWORD });
  expect(stolen.status).toBe(400);
});

test('pages allow no script and no frame, and escape what was typed', async () => {
  const response = await signInAs(browser(), '"><script>alert(1)</script>', 'x');
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
  // Under `no-referrer` a browser sends `Origin: null` with the form, and nobody could sign in.
  expect(response.headers.get('referrer-policy')).toBe('same-origin');
  expect(await response.text()).not.toContain('<script>');
});

test('a person changes the password; old sessions and tokens end with the old one', async () => {
  const visit = browser();
  const { refresh_token = '' } = await tokens(visit);
  const page = `${issuer}/password`;
  const fields = { name: 'ada', current: PASSWORD, new: 'seven green bottles', again: 'seven green bottles' };
  expect((await visit(page, { ...fields, again: 'something else' })).status).toBe(422);
  expect((await visit(page, { ...fields, new: 'short', again: 'short' })).status).toBe(422);
  expect((await visit(page, { ...fields, current: 'wrong' })).status).toBe(401);
  expect((await visit(page, fields)).status).toBe(200);
  expect((await signInAs(browser(), 'ada', PASSWORD)).status).toBe(401);
  expect((await exchange({ grant_type: 'refresh_token', refresh_token }))['error']).toBe('invalid_grant');
  expect(locationOf(await visit(await authorizationUrl()))).toContain('/interaction/');
});

test('the command signs in through a loopback port of its own choice, without a secret', async () => {
  const url = await authorizationUrl({ client_id: CLI_CLIENT, redirect_uri: 'http://127.0.0.1:45678/callback' });
  const visit = browser();
  const page = await visit(locationOf(await visit(url)));
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:45678");
  const done = await visit(locationOf(await signInAs(visit, 'ada', PASSWORD, url)));
  expect(locationOf(done)).toMatch(/^http:\/\/127\.0\.0\.1:45678\/callback\?code=/);
});

test('a terminal without a browser is connected by its code', async () => {
  const post = (path: string, form: Record<string, string>) =>
    fetch(`${issuer}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ client_id: CLI_CLIENT, ...form }).toString(),
    }).then((response) => response.json() as Promise<Record<string, string>>);
  const device = await post('/device/auth', { scope: 'openid profile groups' });
  const visit = browser();
  const xsrf = async (response: Response) => /name="xsrf" value="([^"]+)"/.exec(await response.text())?.[1] ?? '';
  const entry = await xsrf(await visit(`${issuer}/device`));
  const confirm = await visit(`${issuer}/device`, { xsrf: entry, user_code: device['user_code'] ?? '' });
  expect(confirm.status).toBe(200);
  const confirmed = await visit(`${issuer}/device`, { xsrf: await xsrf(confirm), user_code: device['user_code'] ?? '', confirm: 'yes' });
  const resumed = await visit(locationOf(confirmed), { name: 'ada', password: PASSWORD });
  expect(await (await visit(locationOf(resumed))).text()).toContain('Your terminal is signed in');
  const answer = await post('/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device['device_code'] ?? '',
  });
  expect(decodeJwt(answer['access_token'] ?? '')).toMatchObject({ aud: 'k8s', preferred_username: 'ada' });
});

test('addresses outside of the issuer are not found, and a host header cannot move the issuer', async () => {
  expect((await fetch(issuer.replace('/oidc', '/other'))).status).toBe(404);
  const discovery = await fetch(`${issuer}/.well-known/openid-configuration`, { headers: { 'x-forwarded-host': 'evil.example' } });
  const document = (await discovery.json()) as Record<string, string>;
  expect([document['issuer'], document['authorization_endpoint']]).toEqual([issuer, `${issuer}/auth`]);
});
