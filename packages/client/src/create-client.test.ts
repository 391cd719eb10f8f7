import { expect, test } from 'vitest';
import { statusOf } from './api-status.ts';
import { deployments, pods } from './built-in.ts';
import { createClient } from './create-client.ts';
import type { ApiRequest, ApiResponse, Transport } from './transport.ts';

async function* bytes(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): ApiResponse {
  return { status, headers, body: bytes(JSON.stringify(body)) };
}

/** A server that answers with what it is told and remembers what it was asked. */
function scripted(...answers: ApiResponse[]): { transport: Transport; asked: ApiRequest[] } {
  const asked: ApiRequest[] = [];
  const transport: Transport = async (request) => {
    asked.push(request);
    return answers.shift() ?? answer(500, 'no more answers');
  };
  return { transport, asked };
}

const pod = (name: string) => ({ metadata: { name, namespace: 'lab', resourceVersion: '7' } });

test('a list is read page after page, and its items are told what they are', async () => {
  const { transport, asked } = scripted(
    answer(200, { metadata: { resourceVersion: '9', continue: 'more' }, items: [pod('a')] }),
    answer(200, { metadata: { resourceVersion: '9' }, items: [pod('b')] }),
  );
  const list = await createClient(transport, { fieldManager: 'test' }).list(pods, { namespace: 'lab', labelSelector: 'a in (b,c)' });
  expect(list.resourceVersion).toBe('9');
  expect(list.items.map((it) => [it.kind, it.apiVersion, it.metadata.name])).toEqual([
    ['Pod', 'v1', 'a'],
    ['Pod', 'v1', 'b'],
  ]);
  expect(asked.map((it) => it.path)).toEqual([
    '/api/v1/namespaces/lab/pods?labelSelector=a+in+%28b%2Cc%29&limit=500',
    '/api/v1/namespaces/lab/pods?labelSelector=a+in+%28b%2Cc%29&limit=500&continue=more',
  ]);
});

test('a failure carries the code of its reason and the Status as its cause', async () => {
  const status = { kind: 'Status', code: 409, reason: 'AlreadyExists', message: 'pods "a" already exists', details: { name: 'a' } };
  const { transport } = scripted(answer(409, status));
  const failure = createClient(transport, { fieldManager: 'test' }).create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'lab' },
  });
  const error: unknown = await failure.catch((it: unknown) => it);
  expect(error).toMatchObject({ code: 'AlreadyExists', message: 'pods "a" already exists' });
  expect(statusOf(error)?.details?.name).toBe('a');
});

test('find answers undefined and delete succeeds where there is nothing', async () => {
  const missing = { kind: 'Status', code: 404, reason: 'NotFound' };
  const client = createClient(scripted(answer(404, missing), answer(404, missing)).transport, { fieldManager: 'test' });
  expect(await client.find(pods, 'a', 'lab')).toBeUndefined();
  await client.delete(pods, 'a', 'lab');
});

test('an apply says who owns the fields, and a patch has the media type of its form', async () => {
  const { transport, asked } = scripted(answer(200, pod('a')), answer(200, pod('a')), answer(200, pod('a')));
  const client = createClient(transport, { fieldManager: 'ours' });
  await client.apply(
    deployments,
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', namespace: 'lab' } },
    { force: true },
  );
  await client.patch(pods, 'a', 'lab', { status: {} }, { subresource: 'status' });
  await client.patch(pods, 'a', 'lab', [{ op: 'remove', path: '/spec' }]);
  expect(asked.map((it) => [it.method, it.path, it.headers?.['content-type']])).toEqual([
    ['PATCH', '/apis/apps/v1/namespaces/lab/deployments/a?fieldManager=ours&force=true', 'application/apply-patch+yaml'],
    ['PATCH', '/api/v1/namespaces/lab/pods/a/status?fieldManager=ours', 'application/merge-patch+json'],
    ['PATCH', '/api/v1/namespaces/lab/pods/a?fieldManager=ours', 'application/json-patch+json'],
  ]);
});

test('a server that is too busy is asked again when it said to', async () => {
  const busy = { kind: 'Status', code: 429, reason: 'TooManyRequests', details: { retryAfterSeconds: 0 } };
  const { transport, asked } = scripted(answer(429, busy), answer(200, pod('a')));
  const found = await createClient(transport, { fieldManager: 'test' }).get(pods, 'a', 'lab');
  expect(found.metadata.name).toBe('a');
  expect(asked).toHaveLength(2);
});

test('a watch cuts its lines wherever the wire did, and throws Expired for an ERROR event', async () => {
  const lines = `${JSON.stringify({ type: 'ADDED', object: pod('è') })}\n${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } })}\n`;
  const all = Buffer.from(lines);
  async function* one(): AsyncGenerator<Uint8Array> {
    for (const byte of all) yield Uint8Array.of(byte);
  }
  const client = createClient(async () => ({ status: 200, headers: {}, body: one() }), { fieldManager: 'test' });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.watch(pods, {}, AbortSignal.timeout(1000))) seen.push(`${event.type} ${event.object.metadata.name}`);
  })();
  await expect(watching).rejects.toMatchObject({ code: 'Expired' });
  expect(seen).toEqual(['ADDED è']);
});
