import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestApi, type TestApi } from './fakes/test-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const map = (name: string, data: Record<string, string> = {}, metadata: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});
const rooms = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'rooms.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'rooms', kind: 'Room' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { seats: { type: 'integer', default: 4, minimum: 1 } } },
              status: { type: 'object', properties: { free: { type: 'integer' } } },
            },
          },
        },
      },
    ],
  },
};
const ROOMS = '/apis/example.com/v1/namespaces/default/rooms';

async function until<T>(look: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const value = await look();
    if (good(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('it never came to pass');
}

async function take(api: TestApi, path: string, count: number): Promise<(readonly [string, string])[]> {
  const stop = new AbortController();
  const seen: (readonly [string, string])[] = [];
  for await (const { type, object } of api.watch(path, stop.signal)) {
    seen.push([type, object.metadata.name]);
    if (seen.length === count) stop.abort();
  }
  return seen;
}

test('an object keeps its identity through updates, and a stale writer is told', async () => {
  await using api = await startTestApi();
  const { status, body: made } = await api.send('POST', MAPS, map('a', { k: '1' }));
  expect(status).toBe(201);
  const changed = await api.send('PUT', `${MAPS}/a`, map('a', { k: '2' }, { resourceVersion: made.metadata.resourceVersion }));
  expect(changed.body.metadata.uid).toBe(made.metadata.uid);
  const stale = await api.send('PUT', `${MAPS}/a`, map('a', { k: '3' }, { resourceVersion: made.metadata.resourceVersion }));
  expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
});

test('a write that changes nothing writes nothing', async () => {
  await using api = await startTestApi();
  const { body: made } = await api.send('POST', MAPS, map('a', { k: '1' }));
  const { body: same } = await api.send('PATCH', `${MAPS}/a`, { data: { k: '1' } });
  expect(same.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
});

test('fifty writers who patch one object at once all succeed, and nothing is lost', async () => {
  await using api = await startTestApi();
  await api.send('POST', MAPS, map('a'));
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => api.send('PATCH', `${MAPS}/a`, { data: { [`k${n}`]: 'x' } })));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const { body } = await api.send('GET', `${MAPS}/a`);
  expect(Object.keys(body.data)).toHaveLength(50);
});

test('an odd key is a key like any other', async () => {
  await using api = await startTestApi();
  await api.send('POST', MAPS, '{"metadata":{"name":"a","labels":{"constructor":"x"}},"data":{"__proto__":"p","toString":"t"}}');
  const { body } = await api.send('GET', `${MAPS}?labelSelector=constructor`);
  expect(Object.entries(body.items[0].data)).toEqual([
    ['__proto__', 'p'],
    ['toString', 't'],
  ]);
  expect((await api.send('GET', `${MAPS}?labelSelector=toString`)).body.items).toEqual([]);
});

test('pages of a list show one moment, whatever is written in between', async () => {
  await using api = await startTestApi();
  for (const name of ['a', 'c', 'd', 'e']) await api.send('POST', MAPS, map(name));
  const first = await api.send('GET', `${MAPS}?limit=2`);
  await api.send('POST', MAPS, map('b'));
  await api.send('DELETE', `${MAPS}/d`);
  const second = await api.send('GET', `${MAPS}?limit=2&continue=${first.body.metadata.continue}`);
  const names = [...first.body.items, ...second.body.items].map((one: { metadata: { name: string } }) => one.metadata.name);
  expect(names).toEqual(['a', 'c', 'd', 'e']);
  expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
});

test('a selector sees objects come and go as their labels change, live and in replay', async () => {
  await using api = await startTestApi();
  const { body: before } = await api.send('GET', MAPS);
  const path = `${MAPS}?watch=1&labelSelector=on&resourceVersion=${before.metadata.resourceVersion}`;
  const live = take(api, path, 3);
  await api.send('POST', MAPS, map('a'));
  await api.send('PATCH', `${MAPS}/a`, { metadata: { labels: { on: 'y' } } });
  await api.send('PATCH', `${MAPS}/a`, { data: { x: 'y' } });
  await api.send('PATCH', `${MAPS}/a`, { metadata: { labels: null } });
  const expected = [
    ['ADDED', 'a'],
    ['MODIFIED', 'a'],
    ['DELETED', 'a'],
  ];
  expect(await live).toEqual(expected);
  expect(await take(api, path, 3)).toEqual(expected);
});

test('a watch whose reader stops is forgotten', async () => {
  await using api = await startTestApi();
  const stop = new AbortController();
  const events = api.watch(`${MAPS}?watch=1`, stop.signal);
  await api.send('POST', MAPS, map('a'));
  await events.next();
  await events.return(undefined);
  const { body } = await until(
    () => api.send('GET', '/metrics'),
    ({ body: text }) => String(text).includes('apiserver_registered_watchers 0'),
  );
  expect(String(body)).toContain('apiserver_registered_watchers 0');
});

test('a CRD is served once it is established, with its defaults, rules and status, until it goes with its objects', async () => {
  await using api = await startTestApi();
  await api.send('POST', CRDS, rooms);
  await until(
    () => api.send('GET', ROOMS),
    ({ status }) => status === 200,
  );
  const { body: made } = await api.send('POST', ROOMS, {
    apiVersion: 'example.com/v1',
    kind: 'Room',
    metadata: { name: 'r' },
    spec: {},
    status: { free: 1 },
  });
  expect([made.spec, made.status, made.metadata.generation]).toEqual([{ seats: 4 }, undefined, 1]);
  const refused = await api.send('PATCH', `${ROOMS}/r`, { spec: { seats: 0 } });
  expect([refused.status, refused.body.details.causes[0].field]).toEqual([422, 'spec.seats']);
  const { body: status } = await api.send('PATCH', `${ROOMS}/r/status`, { status: { free: 2 }, spec: { seats: 9 } });
  expect([status.spec.seats, status.status.free, status.metadata.generation]).toEqual([4, 2, 1]);
  await api.send('DELETE', `${CRDS}/rooms.example.com`);
  await until(
    () => api.send('GET', ROOMS),
    ({ status: code }) => code === 404,
  );
});

test('everything is there again after a restart: objects, CRDs, revisions, and secrets that are sealed on disk', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'apiserver-'));
  const options = { directory, sealKey: Buffer.alloc(32, 1) };
  let revision = '';
  {
    await using api = await startTestApi(options);
    await api.send('POST', CRDS, rooms);
    await until(
      () => api.send('POST', ROOMS, { apiVersion: 'example.com/v1', kind: 'Room', metadata: { name: 'r' }, spec: { seats: 7 } }),
      ({ status }) => status === 201,
    );
    await api.send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, stringData: { k: 'v' } });
    revision = (await api.send('POST', MAPS, map('a'))).body.metadata.resourceVersion;
  }
  await using api = await startTestApi(options);
  expect((await api.send('GET', `${ROOMS}/r`)).body.spec).toEqual({ seats: 7 });
  expect((await api.send('GET', '/api/v1/namespaces/default/secrets/s')).body.data).toEqual({ k: 'dg==' });
  await api.send('POST', MAPS, map('b'));
  expect(await take(api, `${MAPS}?watch=1&resourceVersion=${revision}`, 1)).toEqual([['ADDED', 'b']]);
  rmSync(directory, { recursive: true });
});

test('who is nobody is refused before anything is read', async () => {
  await using api = await startTestApi();
  const anonymous = api.server.transport();
  const { status } = await anonymous({ method: 'GET', path: MAPS });
  expect(status).toBe(403);
  const forged = await anonymous({ method: 'GET', path: MAPS, headers: { authorization: 'Bearer nonsense' } });
  expect(forged.status).toBe(401);
});

test('within the process a write and every watch give the same frozen object, and the writer’s own stays his', async () => {
  await using api = await startTestApi();
  const transport = api.server.transport({ username: 'admin', groups: ['system:masters'] });
  const ends = [new AbortController(), new AbortController()];
  const heard = ends.map(async ({ signal }) => {
    const { body, documents } = await transport({ method: 'GET', path: `${MAPS}?watch=1`, signal });
    for await (const piece of body) return documents?.(piece);
    return undefined;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  const value = map('shared', { k: 'v' });
  const made = await transport({ method: 'POST', path: MAPS, value });
  const pieces = await Array.fromAsync(made.body);
  const [object] = made.documents?.(pieces[0] ?? Buffer.alloc(0)) ?? [];
  value.data['k'] = 'changed later';
  expect(object).toMatchObject({ kind: 'ConfigMap', data: { k: 'v' }, metadata: { name: 'shared', uid: expect.any(String) } });
  expect(object).not.toHaveProperty('metadata.managedFields');
  expect(Object.isFrozen(object) && Object.isFrozen((object as typeof value).metadata)).toBe(true);
  const [first, second] = await Promise.all(heard);
  expect(first).toEqual([{ type: 'ADDED', object }]);
  expect(second?.[0]).toBe(first?.[0]);
  for (const end of ends) end.abort();
  expect((await api.send('GET', `${MAPS}/shared`)).body.data).toEqual({ k: 'v' });
});
