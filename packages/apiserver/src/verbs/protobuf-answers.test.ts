import { expect, onTestFinished, test } from 'vitest';
import { startTestApi, type TestApi } from '../fakes/test-api.ts';
import { decodeProtobufObject } from '../kinds/index.ts';
import { encodeProtobufObject } from '../kinds/protobuf/protobuf-encode.ts';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const MAPS = '/api/v1/namespaces/default/configmaps';

async function api() {
  const started = await startTestApi();
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** Asks for protobuf and decodes what comes. */
async function ask({ server }: TestApi, path: string, accept = PROTOBUF) {
  const transport = server.transport({ username: 'admin', groups: ['system:masters'] });
  const { status, headers, body } = await transport({ method: 'GET', path, headers: { accept } });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return { status, type: headers['content-type'], bytes };
}

test('objects, lists, metadata and errors of built-in kinds are told in protobuf to who asks for it', async () => {
  const one = await api();
  await one.send('POST', MAPS, { metadata: { name: 'a', labels: { x: 'y' } }, data: { k: 'v' } });
  const got = await ask(one, `${MAPS}/a`);
  expect([got.status, got.type]).toEqual([200, PROTOBUF]);
  const { body: json } = await one.send('GET', `${MAPS}/a`);
  expect(decodeProtobufObject(got.bytes)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', data: { k: 'v' }, metadata: json.metadata });
  const list = decodeProtobufObject((await ask(one, `${MAPS}?labelSelector=x=y`)).bytes);
  expect(list).toMatchObject({ kind: 'ConfigMapList', items: [{ metadata: { name: 'a' } }] });
  const missing = await ask(one, `${MAPS}/b`);
  expect([missing.status, missing.type]).toEqual([404, PROTOBUF]);
  expect(decodeProtobufObject(missing.bytes)).toMatchObject({
    kind: 'Status',
    reason: 'NotFound',
    details: { name: 'b', kind: 'configmaps' },
  });
  const metadata = await ask(one, `${MAPS}/a`, `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`);
  expect(decodeProtobufObject(metadata.bytes)).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'a' } });
});

test('a client that prefers protobuf and reads JSON gets the first where it is, else the second', async () => {
  const one = await api();
  const both = `${PROTOBUF},application/json`;
  expect((await ask(one, '/api/v1/namespaces/default', both)).type).toBe(PROTOBUF);
  expect((await ask(one, '/api', both)).type).toBe('application/json');
  const table = `${PROTOBUF};as=Table;v=v1;g=meta.k8s.io`;
  expect((await ask(one, MAPS, `${table},application/json;as=Table;v=v1;g=meta.k8s.io`)).type).toBe('application/json');
  expect((await ask(one, MAPS, table)).status).toBe(406);
});

test('custom resources have no protobuf form', async () => {
  const one = await api();
  const schema = { openAPIV3Schema: { type: 'object' } };
  await one.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'labs.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Cluster',
      names: { plural: 'labs', kind: 'Lab' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
  await expect.poll(async () => (await one.send('GET', '/apis/example.com/v1/labs')).status).toBe(200);
  const refused = await ask(one, '/apis/example.com/v1/labs');
  // The refusal itself is told in what was asked for.
  expect([refused.status, refused.type]).toEqual([406, PROTOBUF]);
  expect((await ask(one, '/apis/example.com/v1/labs', `${PROTOBUF},application/json`)).type).toBe('application/json');
  const definition = decodeProtobufObject(
    (await ask(one, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/labs.example.com')).bytes,
  );
  expect(definition).toMatchObject({ spec: { versions: [{ schema }] } });
});

test('a watch is a stream of frames, each with the length of its event', async () => {
  const one = await api();
  await one.send('POST', MAPS, { metadata: { name: 'a' } });
  const { type, bytes } = await ask(one, `${MAPS}?watch=true&resourceVersion=0&timeoutSeconds=1&fieldSelector=metadata.name%3Da`);
  expect(type).toBe(`${PROTOBUF};stream=watch`);
  expect(bytes.readUInt32BE(0)).toBe(bytes.length - 4);
  const inner = bytes.subarray(bytes.indexOf('k8s\0', 10));
  expect(bytes.includes('ADDED')).toBe(true);
  // What follows the object belongs to the event around it.
  expect(inner.indexOf('ConfigMap')).toBeGreaterThan(0);
});

test('a Go client binds and evicts a pod with bodies in protobuf', async () => {
  const one = await api();
  const pods = '/api/v1/namespaces/default/pods';
  await one.send('POST', pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } });
  const transport = one.server.transport({ username: 'admin', groups: ['system:masters'] });
  const post = async (path: string, object: Parameters<typeof encodeProtobufObject>[0]) =>
    (await transport({ method: 'POST', path, headers: { 'content-type': PROTOBUF, accept: PROTOBUF }, body: encodeProtobufObject(object) }))
      .status;
  const target = { kind: 'Node', name: 'n1' };
  expect(await post(`${pods}/p/binding`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target })).toBe(201);
  expect((await one.send('GET', `${pods}/p`)).body.spec.nodeName).toBe('n1');
  const deleteOptions = { gracePeriodSeconds: 0 };
  expect(await post(`${pods}/p/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p' }, deleteOptions })).toBe(201);
  expect((await one.send('GET', `${pods}/p`)).status).toBe(404);
});
