import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CROWNLABS_GROUP, imageBuilds, instances, LAB_GROUP, templates, tenants, workspaces } from '@crownlabs/api';
import { scope, silent, systemClock } from '@crownlabs/std';
import { environment, eventually, instance, startTestLab, template, tenant, workspace } from '@crownlabs/testkit';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createRelay } from '../src/relay.ts';
import { Messages } from './relay-server.ts';

/** Who holds which token; groups as the API gives them to people. */
const PEOPLE: Record<string, string[]> = {
  ada: ['kubernetes:workspace-netgroup:user'],
  bob: ['kubernetes:workspace-netgroup:user'],
  marco: ['kubernetes:workspace-netgroup:manager', 'kubernetes:workspace-netgroup:user'],
  root: ['kubernetes:admin'],
};

async function startRelay() {
  const owned = scope();
  const lab = owned.use(await startTestLab());
  const transportFor = (bearer: string) =>
    lab.api.transport({ username: bearer, groups: [...(PEOPLE[bearer] ?? []), 'system:authenticated'] });
  const relay = owned.use(
    createRelay({ client: lab.room('relay'), transportFor, groups: [CROWNLABS_GROUP, LAB_GROUP], clock: systemClock, log: silent }),
  );
  const server = createServer(relay.handler.bind(relay));
  server.on('upgrade', relay.upgrade.bind(relay));
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  owned.defer(() => void server.close());
  owned.defer(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  async function ask(person: string, query: string, variables: object = {}) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${person}` };
    const response = await fetch(`http://127.0.0.1:${port}/graph`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return (await response.json()) as {
      data?: Record<string, unknown>;
      errors?: { message: string; extensions?: Record<string, unknown> }[];
    };
  }
  function follow(person: string, query: string, variables: Record<string, unknown> = {}): Messages {
    const webSocketImpl = class extends WebSocket {
      constructor(url: string, protocols: string | string[]) {
        super(url, protocols, { headers: { authorization: `Bearer ${person}` } });
      }
    };
    const client = createClient({ url: `ws://127.0.0.1:${port}/graph/subscription`, webSocketImpl, retryAttempts: 0 });
    owned.defer(() => client.dispose());
    return new Messages(client, query, variables);
  }
  return { lab, ask, follow, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

let it: Awaited<ReturnType<typeof startRelay>>;

beforeAll(async () => {
  it = await startRelay();
  const { admin } = it.lab;
  const lastLogin = new Date().toISOString();
  await admin.create(workspaces, workspace('netgroup'));
  await admin.create(tenants, tenant('ada', { netgroup: 'user' }, { lastLogin }));
  await admin.create(tenants, tenant('bob', { netgroup: 'user' }, { lastLogin }));
  await admin.create(tenants, tenant('marco', { netgroup: 'manager' }, { lastLogin }));
  await it.lab.settled();
  await admin.create(templates, template('netgroup', 'desktop', [environment('desktop')]));
  const spec = { image: 'crownlabs/desktop:1', recipe: 'desktop' };
  await admin.create(imageBuilds, { apiVersion: `${LAB_GROUP}/v1alpha1`, kind: 'ImageBuild', metadata: { name: 'desktop' }, spec });
  await admin.create(instances, instance('ada', 'i1', { workspace: 'netgroup', template: 'desktop' }));
  await it.lab.settled();
}, 60_000);

afterAll(() => it[Symbol.asyncDispose]());

const READ = `query { itPolitoCrownlabsV1alpha2Instance(namespace: "tenant-ada", name: "i1") { metadata { name labels } spec { prettyName
  templateCrownlabsPolitoItTemplateRef { templateWrapper { itPolitoCrownlabsV1alpha2Template { spec { prettyName environmentList { resources { cpu memory } } } } } } }
  status { phase conditions { type status } } } }`;
const OWN = `subscription { itPolitoCrownlabsV1alpha2InstanceUpdate(namespace: "tenant-ada", initial: true) { updateType payload { metadata { name } } } }`;
const CLASS = `subscription ($l: String!) { itPolitoCrownlabsV1alpha2InstanceLabelsUpdate(labelSelector: $l, initial: true) { updateType payload { metadata { name } } } }`;
const NETGROUP = { l: 'crownlabs.polito.it/workspace in (netgroup)' };
const added = (name: string) => ({ updateType: 'ADDED', payload: { metadata: { name } } });
const BOOKMARK = { updateType: 'BOOKMARK', payload: null };

test('the owner and the teacher read an instance; another student gets 403', async () => {
  for (const person of ['ada', 'marco']) {
    const { data, errors } = await it.ask(person, READ);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      itPolitoCrownlabsV1alpha2Instance: {
        metadata: { name: 'i1', labels: { crownlabsPolitoItWorkspace: 'netgroup' } },
        spec: {
          templateCrownlabsPolitoItTemplateRef: {
            templateWrapper: { itPolitoCrownlabsV1alpha2Template: { spec: { prettyName: 'desktop' } } },
          },
        },
        status: { phase: 'Ready' },
      },
    });
  }
  const { data, errors } = await it.ask('bob', READ);
  expect(data).toEqual({ itPolitoCrownlabsV1alpha2Instance: null });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 403, reason: 'Forbidden' });
});

test('the teacher follows the class; another student sees nothing of it and may not follow the owner', async () => {
  const teacher = it.follow('marco', CLASS, NETGROUP);
  expect([await teacher.next(), await teacher.next()]).toEqual([added('i1'), BOOKMARK]);
  const student = it.follow('bob', CLASS, NETGROUP);
  expect(await student.next()).toEqual(BOOKMARK);
  await expect(it.follow('bob', OWN).next()).rejects.toMatchObject({ extensions: { code: 403 } });
  const owner = it.follow('ada', OWN);
  expect([await owner.next(), await owner.next()]).toEqual([added('i1'), BOOKMARK]);
});

test('a list over all namespaces holds what each may see', async () => {
  const list = async (person: string) =>
    (
      await it.ask(
        person,
        'query ($l: String) { l: itPolitoCrownlabsV1alpha2InstanceList(labelSelector: $l) { items { metadata { name } } } }',
        NETGROUP,
      )
    ).data;
  const one = { l: { items: [{ metadata: { name: 'i1' } }] } };
  expect([await list('marco'), await list('ada'), await list('root'), await list('bob')]).toEqual([one, one, one, { l: { items: [] } }]);
});

test('a student starts, stops, renames and deletes; the teacher stops and deletes for him; another student may do none of it', async () => {
  const create = `mutation ($i: ItPolitoCrownlabsV1alpha2InstanceInput!) { createCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: "tenant-bob", itPolitoCrownlabsV1alpha2InstanceInput: $i) { metadata { name } } }`;
  const spec = {
    templateCrownlabsPolitoItTemplateRef: { name: 'desktop', namespace: 'workspace-netgroup' },
    tenantCrownlabsPolitoItTenantRef: { name: 'bob' },
  };
  const i = { metadata: { name: 'b1' }, spec };
  expect((await it.ask('ada', create, { i })).errors?.[0]?.extensions).toMatchObject({ code: 403 });
  expect(await it.ask('bob', create, { i })).toEqual({
    data: { createCrownlabsPolitoItV1alpha2NamespacedInstance: { metadata: { name: 'b1' } } },
  });
  const patch = `mutation ($p: String!) { patchCrownlabsPolitoItV1alpha2NamespacedInstanceJsonPatch(namespace: "tenant-bob", name: "b1", fieldManager: "t", applicationJsonPatchJsonInput: $p) { spec { running prettyName } } }`;
  const p = (path: string, value: unknown) => ({ p: JSON.stringify([{ op: 'add', path, value }]) });
  await eventually(async () => expect((await it.ask('marco', patch, p('/spec/running', false))).errors).toBeUndefined());
  expect((await it.ask('bob', patch, p('/spec/prettyName', 'Mine'))).data).toMatchObject({
    patchCrownlabsPolitoItV1alpha2NamespacedInstanceJsonPatch: { spec: { running: false, prettyName: 'Mine' } },
  });
  expect((await it.ask('ada', patch, p('/spec/running', true))).errors?.[0]?.extensions).toMatchObject({ code: 403 });
  const remove = `mutation { deleteCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: "tenant-bob", name: "b1") { kind } }`;
  expect((await it.ask('ada', remove)).errors?.[0]?.extensions).toMatchObject({ code: 403 });
  expect((await it.ask('marco', remove)).errors).toBeUndefined();
});

test('a student follows what his page is made of', async () => {
  const me = it.follow(
    'ada',
    `subscription { itPolitoCrownlabsV1alpha2TenantUpdate(name: "ada", initial: true) { updateType payload { metadata { name } status { personalNamespace { name created } } } } }`,
  );
  expect(await me.next()).toMatchObject({ payload: { status: { personalNamespace: { name: 'tenant-ada', created: true } } } });
  const course = it.follow(
    'ada',
    `subscription { itPolitoCrownlabsV1alpha1WorkspaceUpdate(name: "netgroup", initial: true) { updateType payload { spec { quota { cpu memory } } status { namespace { name } } } } }`,
  );
  expect(await course.next()).toMatchObject({
    payload: { spec: { quota: { cpu: 10, memory: '20G' } }, status: { namespace: { name: 'workspace-netgroup' } } },
  });
  const offer = it.follow(
    'ada',
    `subscription { itPolitoCrownlabsV1alpha2TemplateUpdate(namespace: "workspace-netgroup", initial: true) { updateType payload { metadata { name } } } }`,
  );
  expect(await offer.next()).toEqual(added('desktop'));
  const builds = it.follow(
    'ada',
    `subscription { itPolitoCrownlabsLabV1alpha1ImageBuildUpdate(initial: true) { updateType payload { metadata { name } } } }`,
  );
  expect([await builds.next(), await builds.next()]).toEqual([added('desktop'), BOOKMARK]);
  const visit = `mutation ($p: String!) { patchCrownlabsPolitoItV1alpha2TenantJsonPatch(name: "ada", fieldManager: "t", applicationJsonPatchJsonInput: $p) { metadata { name } } }`;
  const p = JSON.stringify([{ op: 'add', path: '/spec/lastLogin', value: `${new Date().toISOString().slice(0, 19)}Z` }]);
  expect((await it.ask('ada', visit, { p })).errors).toBeUndefined();
});

test('who teaches a workspace saves an environment of it as a template, and a student does not', async () => {
  const ask = (person: string) =>
    it.ask(
      person,
      `mutation ($namespace: String!, $snapshot: ItPolitoCrownlabsV1alpha2InstanceSnapshotInput!) {
        createCrownlabsPolitoItV1alpha2NamespacedInstanceSnapshot(namespace: $namespace, itPolitoCrownlabsV1alpha2InstanceSnapshotInput: $snapshot) { metadata { name } } }`,
      {
        namespace: 'workspace-netgroup',
        snapshot: {
          apiVersion: 'crownlabs.polito.it/v1alpha2',
          kind: 'InstanceSnapshot',
          metadata: { name: 'saved', namespace: 'workspace-netgroup' },
          spec: {
            instanceRef: { name: 'i1', namespace: 'tenant-ada' },
            imageName: 'saved',
            template: { name: 'saved', prettyName: 'Mine' },
          },
        },
      },
    );
  expect((await ask('bob')).errors?.[0]?.message).toContain('forbidden');
  expect(await ask('marco')).toEqual({
    data: { createCrownlabsPolitoItV1alpha2NamespacedInstanceSnapshot: { metadata: { name: 'saved' } } },
  });
});
