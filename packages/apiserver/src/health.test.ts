import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '@crownlabs/std';
import { openStore } from '@crownlabs/store';
import { expect, onTestFinished, test } from 'vitest';
import { startTestApi } from './fakes/test-api.ts';

test('health is told check by check, under the names of kube-apiserver', async () => {
  await using api = await startTestApi();
  const { status, body } = await api.send('GET', '/readyz?verbose');
  expect(status).toBe(200);
  expect(body.split('\n')).toEqual([
    '[+]ping ok',
    '[+]log ok',
    '[+]etcd ok',
    '[+]poststarthook/crd-informer-synced ok',
    '[+]poststarthook/rbac/bootstrap-roles ok',
    '[+]poststarthook/scheduling/bootstrap-system-priority-classes ok',
    '[+]poststarthook/start-system-namespaces-controller ok',
    '[+]etcd-readiness ok',
    '[+]shutdown ok',
    'readyz check passed',
    '',
  ]);
  expect((await api.send('GET', '/livez/poststarthook/rbac/bootstrap-roles')).body).toBe('ok');
  expect((await api.send('GET', '/livez?verbose&exclude=etcd&exclude=moon')).body).toContain('[+]etcd excluded: ok\n[+]poststarthook');
  expect((await api.send('GET', '/livez?verbose&exclude=moon')).body).toContain(
    'cannot be excluded: no matches for "moon"\nlivez check passed',
  );
});

test('a server whose store takes no writes is neither ready nor alive, and is again when it does', async () => {
  const store = await openStore();
  let full = false;
  const broken: typeof store = Object.create(store, {
    demandWritable: {
      value: () => {
        if (full) throw new LabError('ServiceUnavailable', 'The write could not be made durable: database or disk is full');
      },
    },
    revision: { get: () => store.revision },
    compacted: { get: () => store.compacted },
  });
  for (const method of ['get', 'list', 'listAt', 'count', 'buckets', 'since', 'subscribe', 'write', 'settled', 'compact'] as const) {
    Object.defineProperty(broken, method, { value: store[method].bind(store) });
  }
  await using api = await startTestApi({ store: broken });
  full = true;
  const { status, body } = await api.send('GET', '/readyz');
  expect([status, body]).toEqual([500, expect.stringContaining('[-]etcd failed: reason withheld\n')]);
  expect(body).toContain('readyz check failed');
  expect((await api.send('GET', '/livez/etcd')).body).toContain('internal server error: The write could not be made durable');
  full = false;
  expect((await api.send('GET', '/readyz')).status).toBe(200);
  await store[Symbol.asyncDispose]();
});

test('a full disk is seen by the store, and so is room on it', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'health-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]).status !== 0) context.skip('nobody here may mount');
  onTestFinished(() => void spawnSync('umount', [directory]));
  await using store = await openStore({ directory });
  const write = (name: string, size: number) =>
    store.write({ bucket: 'b', name, expected: 0, encode: () => ({ bytes: Buffer.alloc(size) }) });
  expect(() => store.demandWritable()).not.toThrow();
  await expect(write('large', 3_000_000)).rejects.toThrow('full');
  // A small write still fits, so that the store takes writes.
  expect(() => store.demandWritable()).not.toThrow();
});

test('the API tells where it listens as the Service kubernetes', async () => {
  await using api = await startTestApi();
  await using listener = await api.server.listen({ host: '127.0.0.1', port: 0 });
  const service = (await api.send('GET', '/api/v1/namespaces/default/services/kubernetes')).body;
  expect(service.spec).toMatchObject({ clusterIP: '10.0.0.1', ports: [{ name: 'https', port: 443, targetPort: listener.port }] });
  expect(service.metadata.labels).toEqual({ component: 'apiserver', provider: 'kubernetes' });
  await using later = await api.server.listen({ host: '127.0.0.1', port: 0 });
  const again = (await api.send('GET', '/api/v1/namespaces/default/services/kubernetes')).body;
  expect([again.metadata.uid, again.spec.ports[0].targetPort]).toEqual([service.metadata.uid, later.port]);
  const { items } = (await api.send('GET', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices')).body;
  for (const { endpoints, ports } of items) {
    expect(endpoints[0].conditions.ready).toBe(true);
    expect(ports[0].port).toBe(later.port);
  }
});
