import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab[Symbol.asyncDispose]());

test('a person signs in and comes back to the page she came for, with a cookie that scripts cannot read', async () => {
  const browser = lab.browser();
  const first = await browser.ask('/auth/login?return=/instances');
  expect(first.headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Lax/);
  const page = await browser.visit('/auth/login?return=/instances%3Fall=1');
  expect([page.status, page.url]).toEqual([200, `${lab.origin}/instances?all=1`]);
  const me = JSON.parse((await browser.ask('/auth/me')).body);
  expect(me).toMatchObject({ name: 'ada', displayName: 'ada of the lab', groups: ['workspace-netgroup:user'], admin: false });
});

test('nobody is sent to another site after signing in', async () => {
  for (const target of ['//evil.example/', 'https://evil.example/', '/\\evil.example', '/%09/evil.example', '/auth/logout']) {
    const page = await lab.browser().visit(`/auth/login?return=${encodeURIComponent(target)}`);
    expect(new URL(page.url).origin).toBe(lab.origin);
  }
});

test('an answer that belongs to no sign-in of this browser signs nobody in', async () => {
  const [eve, ada] = [lab.browser('eve'), lab.browser('ada')];
  const toIssuer = await eve.ask('/auth/login');
  const back = await eve.ask(toIssuer.headers.location ?? '');
  // Eve lures Ada's browser to the end of Eve's own sign-in.
  const lured = await ada.ask(back.headers.location ?? '');
  expect([lured.status, lured.headers.location]).toEqual([303, '/auth/login']);
  expect((await ada.ask('/auth/me')).status).toBe(401);
});

test('a restart of the gateway keeps people signed in', async () => {
  const browser = await lab.browser().signIn();
  lab.restart();
  expect((await browser.ask('/auth/me')).status).toBe(200);
});

test('many requests at once refresh the bearer once', async () => {
  lab.issuer.bearerSeconds = 30;
  const browser = await lab.browser().signIn();
  lab.issuer.bearerSeconds = 300;
  const graph = () => browser.ask('/graph', { method: 'POST', headers: { origin: lab.origin } });
  const statuses = (await Promise.all(Array.from({ length: 20 }, graph))).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([502]));
  expect(lab.issuer.refreshes).toBe(1);
});

test('whoever the issuer no longer knows is signed out at the next refresh', async () => {
  lab.issuer.bearerSeconds = 30;
  const browser = await lab.browser().signIn();
  lab.issuer.people.delete('ada');
  expect((await browser.ask('/graph', { method: 'POST', headers: { origin: lab.origin } })).status).toBe(401);
  expect((await browser.ask('/auth/me')).status).toBe(401);
});

test('an issuer that is away signs nobody out', async () => {
  lab.issuer.bearerSeconds = 30;
  const browser = await lab.browser().signIn();
  lab.issuer.server.close();
  lab.issuer.server.closeAllConnections();
  expect((await browser.ask('/graph', { method: 'POST', headers: { origin: lab.origin } })).status).toBe(502);
  expect((await browser.ask('/auth/me')).status).toBe(200);
});

test('a Tenant that was deleted is nobody, and a workspace that it lost counts no more, whatever the token says', async () => {
  const browser = await lab.browser().signIn();
  const tenant = lab.tenants.get('ada');
  if (!tenant) throw new Error('no tenant');
  lab.tenants.put({ ...tenant, spec: { ...tenant.spec, workspaces: [] } });
  expect(JSON.parse((await browser.ask('/auth/me')).body)).toMatchObject({ groups: [] });
  lab.tenants.remove('ada');
  expect((await browser.ask('/auth/me')).status).toBe(401);
});

test('log-out ends the session here and at the issuer, and needs our own origin', async () => {
  const browser = await lab.browser().signIn();
  expect((await browser.ask('/auth/logout', { method: 'POST', headers: { origin: 'http://evil.example' } })).status).toBe(403);
  expect((await browser.ask('/auth/me')).status).toBe(200);
  const stolen = browser.cookies(lab.origin);
  expect((await browser.ask('/auth/logout', { method: 'POST', headers: { origin: lab.origin, accept: '*/*' } })).status).toBe(204);
  expect((await browser.ask('/auth/me', { headers: { cookie: stolen } })).status).toBe(401);
  expect(lab.issuer.revoked).toEqual(['refresh-ada']);
});
