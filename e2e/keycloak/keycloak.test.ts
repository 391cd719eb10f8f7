import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templates, tenantNamespace, tenants, workspaceNamespace, workspaces } from '@crownlabs/api';
import { createClient, httpTransport, type KubeClient, namespaces } from '@crownlabs/client';
import { template, tenant, workspace } from '@crownlabs/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, ownCluster } from '../operators/cluster.ts';
import { type Scenario, startScenario, until } from '../operators/scenario.ts';
import { type Door, gatewayDoor } from './gateway.ts';
import { type KeycloakServer, keycloakHome, startKeycloak } from './keycloak-server.ts';
import { Browser } from './sign-in.ts';

// A real Keycloak gets realm, client, roles and users from us; somebody signs in there, and the groups of the token open what is theirs.

const found = await keycloakHome();
if ('missing' in found) console.log(`Keycloak is not tried: ${found.missing}`);

let keycloak: KeycloakServer;
let cluster: Cluster;
let door: Door;
let lab: Scenario;

beforeAll(async () => {
  if (!('home' in found)) return;
  keycloak = await startKeycloak(found.home);
  const oidc = {
    'issuer-url': `${keycloak.publicUrl}/realms/crownlabs`,
    'client-id': 'k8s',
    'ca-file': keycloak.caFile,
    'username-claim': 'preferred_username',
    'username-prefix': '-',
    'groups-claim': 'groups',
    'groups-prefix': 'kubernetes:',
  };
  cluster = await ownCluster(...Object.entries(oidc).flatMap(([name, value]) => [`--oidc-${name}`, value]));
  const clientSecretFile = join(mkdtempSync(join(tmpdir(), 'keycloak-secret-')), 'secret');
  writeFileSync(clientSecretFile, `${keycloak.secret}\n`, { mode: 0o600 });
  const directory = { kind: 'keycloak', url: keycloak.url, clientId: keycloak.clientId, clientSecretFile, authRealm: 'master' };
  door = await gatewayDoor();
  lab = await startScenario({ cluster, settings: { directory, drive: false, publicURL: door.origin } });
}, 400_000);
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await door?.[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
  await keycloak?.[Symbol.asyncDispose]();
});

type Json = Record<string, unknown> & { id: string };

async function token(realm: string, form: Record<string, string>): Promise<Record<string, string>> {
  const at = `${keycloak.url}/realms/${realm}/protocol/openid-connect/token`;
  const answer = await fetch(at, { method: 'POST', body: new URLSearchParams(form) });
  const said = (await answer.json()) as Record<string, string>;
  if (!answer.ok) throw new Error(JSON.stringify(said));
  return said;
}

/** Keycloak's own administration, to see what we did there and to do what a person would. */
async function admin(method: string, path: string, body?: unknown): Promise<unknown> {
  const grant = { grant_type: 'client_credentials', client_id: keycloak.clientId, client_secret: keycloak.secret };
  const { access_token: bearer } = await token('master', grant);
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(`${keycloak.url}/admin/realms/crownlabs${path}`, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const list = async (path: string) => (await admin('GET', path)) as Json[];

/** Through the pages of Keycloak, and back to the gateway, which has a session then; what it asks the API with is the person's. */
async function signIn(username: string, password: string): Promise<KubeClient> {
  const browser = new Browser(keycloak);
  expect(await browser.signIn(door.origin, username, password)).toBe(`${door.origin}/`);
  const me = await browser.ask(`${door.origin}/auth/me`);
  expect(await me.json()).toMatchObject({ name: username, email: `${username}@example.org` });
  const graph = await browser.ask(`${door.origin}/graph`, { method: 'POST', headers: { origin: door.origin } });
  const { bearer } = (await graph.json()) as { bearer: string };
  const { server, ca } = cluster.endpoint;
  const endpoint = { server, token: bearer.replace('Bearer ', ''), ...(ca === undefined ? {} : { ca }) };
  return createClient(httpTransport(endpoint), { fieldManager: username });
}

test.skipIf(!('home' in found))(
  'Keycloak gets realm, client, roles and users from us, and a sign-in there opens the right namespaces',
  async () => {
    const course = await lab.course('course', { prettyName: 'The Course' });
    const foreign = await lab.course('foreign');
    const name = lab.named('ada');
    await lab.admin.create(tenants, lab.ours(tenant(name, { [course]: 'user' }, { lastLogin: new Date().toISOString() })));
    await until(
      async () =>
        expect((await lab.admin.get(tenants, name)).status?.keycloak).toMatchObject({ userSynchronized: true, userConfirmed: false }),
      60_000,
    );
    const [client] = await list('/clients?clientId=k8s');
    const roles = await list(`/clients/${client?.id}/roles?briefRepresentation=false`);
    expect(roles.map(({ name: role, description }) => [role, description])).toEqual(
      expect.arrayContaining([
        [`workspace-${course}:manager`, 'The Course Manager Role'],
        [`workspace-${course}:user`, 'The Course User Role'],
      ]),
    );
    const [user] = await list(`/users?username=${name}&exact=true`);
    expect(user).toMatchObject({ email: `${name}@example.org`, emailVerified: false, enabled: true });
    expect(user?.['requiredActions']).toEqual(expect.arrayContaining(['UPDATE_PASSWORD', 'VERIFY_EMAIL']));
    const mapped = await list(`/users/${user?.id}/role-mappings/clients/${client?.id}`);
    expect(mapped.map((it) => it['name'])).toEqual([`workspace-${course}:user`]);

    // What the person does by the mail's link.
    await admin('PUT', `/users/${user?.id}`, { ...user, emailVerified: true, requiredActions: [] });
    await admin('PUT', `/users/${user?.id}/reset-password`, { type: 'password', value: 'correct horse', temporary: false });
    await until(async () => expect((await lab.admin.get(tenants, name)).status?.keycloak.userConfirmed).toBe(true), 60_000);

    const { value: clientSecret } = (await admin('GET', `/clients/${client?.id}/client-secret`)) as { value: string };
    door.open(cluster, { keycloak, clientSecret });
    await expect(signIn(name, 'wrong')).rejects.toThrow('/realms/');
    const ada = await signIn(name, 'correct horse');
    await lab.admin.create(templates, template(course, 'desktop'));
    expect((await ada.list(templates, { namespace: workspaceNamespace(course) })).items).toHaveLength(1);
    await expect(ada.list(templates, { namespace: workspaceNamespace(foreign) })).rejects.toMatchObject({ code: 'Forbidden' });
    await expect(ada.create(templates, template(course, 'mine'))).rejects.toMatchObject({ code: 'Forbidden' });
    expect((await ada.get(tenants, name)).metadata.name).toBe(name);
    await lab.admin.patch(tenants, name, undefined, { spec: { workspaces: [{ name: course, role: 'manager' }] } });
    await until(async () => {
      const now = await list(`/users/${user?.id}/role-mappings/clients/${client?.id}`);
      expect(now.map((it) => it['name'])).toEqual([`workspace-${course}:manager`]);
    });
    const teacher = await signIn(name, 'correct horse');
    await teacher.create(templates, template(course, 'mine'));

    await lab.admin.delete(workspaces, foreign);
    await until(async () => {
      const left = await list(`/clients/${client?.id}/roles`);
      expect(left.map((it) => it['name'])).not.toContain(`workspace-${foreign}:user`);
    });
  },
);

test.skipIf(!('home' in found))('while Keycloak is away, everything else goes on, and it is told', async () => {
  await keycloak.kill();
  const began = Date.now();
  const name = lab.named('bob');
  await lab.admin.create(tenants, lab.ours(tenant(name, {}, { lastLogin: new Date().toISOString() })));
  await until(() => lab.admin.get(namespaces, tenantNamespace(name)));
  expect(Date.now() - began).toBeLessThan(10_000);
  await until(async () => {
    const { status } = await lab.admin.get(tenants, name);
    expect(status?.keycloak).toMatchObject({ userSynchronized: false });
    expect(status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False', reason: 'DirectoryUnavailable' });
  });
  const course = lab.named('later');
  await lab.admin.create(workspaces, lab.ours(workspace(course)));
  await until(() => lab.admin.get(namespaces, workspaceNamespace(course)));
});
