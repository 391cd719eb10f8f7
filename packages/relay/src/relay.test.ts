import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Messages, relayServer } from '../tests/relay-server.ts';

const BASE = '/apis/crownlabs.polito.it/v1alpha2';
const inst = (namespace: string, name: string) => `${BASE}/namespaces/${namespace}/instances/${name}`;
const ref = (name: string, namespace?: string) => (namespace ? { name, namespace } : { name });

const ownInstances =
  'subscription ($ns: String!) { itPolitoCrownlabsV1alpha2InstanceUpdate(namespace: $ns, initial: true) { updateType payload { metadata { name } spec { prettyName } } } }';
const labelled =
  'subscription ($l: String) { itPolitoCrownlabsV1alpha2InstanceLabelsUpdate(labelSelector: $l, initial: true) { updateType payload { metadata { name } spec { prettyName } } } }';
const update = (updateType: string, name: string, prettyName = name) => ({
  updateType,
  payload: { metadata: { name }, spec: { prettyName } },
});
const BOOKMARK = { updateType: 'BOOKMARK', payload: null };

test('an object is read with its keys camel-cased and its references followed as the caller', async () => {
  await using relay = await relayServer();
  relay.api.may = (user, { namespace, resource }) => user === 'ada' && (namespace === 'tenant-ada' || resource === 'templates');
  relay.api.put(`${BASE}/namespaces/workspace-net/templates/t1`, { spec: { prettyName: 'Desktop' } });
  relay.api.put(inst('tenant-ada', 'i1'), {
    metadata: { labels: { 'crownlabs.polito.it/workspace': 'net' } },
    spec: { 'template.crownlabs.polito.it/TemplateRef': ref('t1', 'workspace-net'), 'tenant.crownlabs.polito.it/TenantRef': ref('ada') },
    status: { phase: '' },
  });
  const query = `query { itPolitoCrownlabsV1alpha2Instance(namespace: "tenant-ada", name: "i1") {
    metadata { labels }
    status { phase }
    spec {
      templateCrownlabsPolitoItTemplateRef { name templateWrapper { itPolitoCrownlabsV1alpha2Template { spec { prettyName } } } }
      tenantCrownlabsPolitoItTenantRef { tenantV1alpha2Wrapper { itPolitoCrownlabsV1alpha2Tenant { metadata { name } } } }
    }
  } }`;
  const { status, data, errors } = await relay.ask('ada', query);
  expect({ status, errors }).toEqual({ status: 200, errors: undefined });
  expect(data).toEqual({
    itPolitoCrownlabsV1alpha2Instance: {
      metadata: { labels: { crownlabsPolitoItWorkspace: 'net' } },
      status: { phase: '_EMPTY_' },
      spec: {
        templateCrownlabsPolitoItTemplateRef: {
          name: 't1',
          templateWrapper: { itPolitoCrownlabsV1alpha2Template: { spec: { prettyName: 'Desktop' } } },
        },
        // Ada may not read tenants: what she may not see is absent, the rest stays useful.
        tenantCrownlabsPolitoItTenantRef: { tenantV1alpha2Wrapper: { itPolitoCrownlabsV1alpha2Tenant: null } },
      },
    },
  });
});

test('an object is created with its keys as the API writes them', async () => {
  await using relay = await relayServer();
  relay.api.may = () => true;
  const mutation = `mutation { createCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: "tenant-ada", itPolitoCrownlabsV1alpha2InstanceInput: {
    kind: "Instance", apiVersion: "crownlabs.polito.it/v1alpha2", metadata: { generateName: "instance-" },
    spec: { templateCrownlabsPolitoItTemplateRef: { name: "t1", namespace: "workspace-net" }, nodeSelector: { disk: "ssd" } }
  }) { metadata { name } } }`;
  const { data, errors } = await relay.ask('ada', mutation);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ createCrownlabsPolitoItV1alpha2NamespacedInstance: { metadata: { name: 'instance-x' } } });
  expect(relay.api.get(inst('tenant-ada', 'instance-x'))).toMatchObject({
    spec: { 'template.crownlabs.polito.it/TemplateRef': { name: 't1', namespace: 'workspace-net' }, nodeSelector: { disk: 'ssd' } },
  });
});

test("the API's refusal arrives with its code and reason", async () => {
  await using relay = await relayServer();
  const { status, errors } = await relay.ask(
    'eve',
    'query { itPolitoCrownlabsV1alpha2Instance(namespace: "tenant-ada", name: "i1") { kind } }',
  );
  expect(status).toBe(200);
  expect(errors?.[0]?.message).toContain('cannot get resource "instances"');
  expect(errors?.[0]?.extensions).toMatchObject({ code: 403, reason: 'Forbidden' });
});

test('a list over all namespaces holds what a review of the caller allows, object by object', async () => {
  await using relay = await relayServer();
  const labels = { 'crownlabs.polito.it/workspace': 'net' };
  relay.api.put(inst('tenant-ada', 'i1'), { metadata: { labels } });
  relay.api.put(inst('tenant-bob', 'i2'), { metadata: { labels } });
  relay.api.put(inst('tenant-bob', 'i3'), {});
  relay.api.may = (user, { verb, name, subresource }) =>
    user === 'teacher' && verb === 'get' && ((name === 'i1' && subresource === '') || (name === 'i2' && subresource === 'view'));
  const names = async (user: string, selector = '') => {
    const { data } = await relay.ask(
      user,
      'query ($l: String) { l: itPolitoCrownlabsV1alpha2InstanceList(labelSelector: $l) { items { metadata { name } } } }',
      { l: selector },
    );
    return data;
  };
  expect(await names('teacher')).toEqual({ l: { items: [{ metadata: { name: 'i1' } }, { metadata: { name: 'i2' } }] } });
  expect(await names('teacher', 'crownlabs.polito.it/workspace in (other)')).toEqual({ l: { items: [] } });
  expect(await names('eve')).toEqual({ l: { items: [] } });
});

test('wrong questions get a clear 400, and no token a 401', async () => {
  await using relay = await relayServer();
  const bearer = { authorization: 'Bearer ada' };
  expect(await relay.post('{"query":"{ itPolito"}', bearer)).toMatchObject({
    status: 400,
    errors: [{ message: expect.stringContaining('Syntax Error') }],
  });
  expect(await relay.post('{"query":"{ nothing }"}', bearer)).toMatchObject({
    status: 400,
    errors: [{ message: expect.stringContaining('Cannot query field "nothing"') }],
  });
  expect(await relay.post('{', bearer)).toMatchObject({ status: 400, errors: [{ message: 'the body is not JSON' }] });
  expect(await relay.post('[]', bearer)).toMatchObject({ status: 400 });
  expect(await relay.post('{"query":"{ __typename }"}', {})).toMatchObject({ status: 401, errors: [{ extensions: { code: 401 } }] });
  expect(await relay.post(JSON.stringify({ query: `{ ${'#'.repeat(300_000)} }` }), bearer)).toMatchObject({ status: 413 });
  const wide = Array.from({ length: 1_600 }, (_, index) => `a${index}: getLabels { key }`).join(' ');
  expect(await relay.ask('ada', `{ ${wide} }`)).toMatchObject({ status: 400, errors: [{ extensions: { reason: 'TooComplex' } }] });
  expect(await relay.ask('nobody', '{ getLabels { key } }')).toMatchObject({
    status: 401,
    errors: [{ extensions: { code: 401, reason: 'Unauthorized' } }],
  });
});

test('node labels are told to whoever the API knows, as pairs and nothing more', async () => {
  await using relay = await relayServer();
  expect((await relay.ask('ada', '{ getLabels { key value } }')).data).toEqual({ getLabels: [{ key: 'disk', value: 'ssd' }] });
});

test('a follower gets what is there, a bookmark, and then every change', async () => {
  await using relay = await relayServer();
  relay.api.may = (user, { namespace }) => user === 'ada' && namespace === 'tenant-ada';
  relay.api.put(inst('tenant-ada', 'i1'), { spec: { prettyName: 'one' } });
  relay.api.put(inst('tenant-bob', 'other'), {});
  const messages = new Messages(relay.follower('ada'), ownInstances, { ns: 'tenant-ada' });
  expect(await messages.next()).toEqual(update('ADDED', 'i1', 'one'));
  expect(await messages.next()).toEqual(BOOKMARK);
  relay.api.put(inst('tenant-ada', 'i1'), { spec: { prettyName: 'two' } });
  expect(await messages.next()).toEqual(update('MODIFIED', 'i1', 'two'));
  relay.api.put(inst('tenant-bob', 'other'), { spec: { prettyName: 'changed' } });
  relay.api.remove(inst('tenant-ada', 'i1'));
  expect(await messages.next()).toEqual(update('DELETED', 'i1', 'two'));
  await messages.stop();
});

test('following a place where nothing may be seen is refused at once', async () => {
  await using relay = await relayServer();
  relay.api.put(inst('tenant-ada', 'i1'), {});
  const messages = new Messages(relay.follower('eve'), ownInstances, { ns: 'tenant-ada' });
  await expect(messages.next()).rejects.toMatchObject({ extensions: { code: 403, reason: 'Forbidden' } });
});

test('a deletion is told only to those who had seen the object, and shows only what they had seen', async () => {
  await using relay = await relayServer();
  let teaches = true;
  relay.api.may = (user, { verb, name }) => user === 'teacher' && teaches && verb === 'get' && name === 'i1';
  relay.api.put(inst('tenant-ada', 'i1'), { spec: { prettyName: 'seen' } });
  relay.api.put(inst('tenant-ada', 'secret'), { spec: { prettyName: 'never' } });
  const messages = new Messages(relay.follower('teacher'), labelled);
  expect(await messages.next()).toEqual(update('ADDED', 'i1', 'seen'));
  expect(await messages.next()).toEqual(BOOKMARK);
  teaches = false;
  await wait(3_100);
  relay.api.remove(inst('tenant-ada', 'secret'));
  relay.api.put(inst('tenant-ada', 'i1'), { spec: { prettyName: 'after the right was taken away' } });
  expect(await messages.next()).toEqual(update('DELETED', 'i1', 'seen'));
  await messages.stop();
});

test('a right that comes a moment after its object is noticed', async () => {
  await using relay = await relayServer();
  let granted = false;
  relay.api.may = (user, { verb, name }) => user === 'teacher' && granted && verb === 'get' && name === 'i1';
  const messages = new Messages(relay.follower('teacher'), labelled);
  expect(await messages.next()).toEqual(BOOKMARK);
  relay.api.put(inst('tenant-ada', 'i1'), { spec: { prettyName: 'new' } });
  await wait(100);
  granted = true;
  expect(await messages.next()).toEqual(update('ADDED', 'i1', 'new'));
});

test('a socket ends with its token, and one without a token is refused', async () => {
  await using relay = await relayServer();
  relay.api.may = () => true;
  const claims = Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 1 })).toString('base64url');
  const closed = Promise.withResolvers<[number, string]>();
  const follower = relay.follower(undefined, {
    closed: (code, reason) => closed.resolve([code, reason]),
    parameters: { authorization: `Bearer h.${claims}.s` },
  });
  const messages = new Messages(follower, ownInstances, { ns: 'tenant-ada' });
  expect(await messages.next()).toEqual(BOOKMARK);
  const end = messages.next().catch((error: unknown) => error);
  expect(await closed.promise).toEqual([4403, 'TokenExpired']);
  await end;
  const refused = Promise.withResolvers<number>();
  const stranger = new Messages(relay.follower(undefined, { closed: (code) => refused.resolve(code) }), ownInstances, { ns: 'x' });
  await stranger.next().catch(() => undefined);
  expect(await refused.promise).toBe(4401);
});
