import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type RunningApiServer, startApiServer } from '@crownlabs/apiserver';
import { type Scope, scope, silent } from '@crownlabs/std';
import { pack } from 'tar-stream';
import { expect, onTestFinished, test } from 'vitest';
import { placesOf } from '../places.ts';
import { backup } from '../verbs/backup.ts';
import { restore } from '../verbs/restore.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'backup-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function start(dataDir: string, owned: Scope): Promise<RunningApiServer> {
  return startApiServer(
    { dataDir, bindAddress: '127.0.0.1', securePort: 0, log: silent, admission: { without: ['ServiceAccount'] } },
    owned,
  );
}

const NAMESPACE = '/api/v1/namespaces/default';

async function send({ server }: RunningApiServer, method: 'GET' | 'POST', path: string, body?: unknown) {
  const transport = server.transport({ username: 'admin', groups: ['system:masters'] });
  const headers = { 'content-type': 'application/json' };
  const response = await transport({ method, path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return { status: response.status, text: Buffer.concat(chunks).toString() };
}

async function names(api: RunningApiServer, plural: string): Promise<string[]> {
  const { text } = await send(api, 'GET', `${NAMESPACE}/${plural}`);
  const list: { items: { metadata: { name: string } }[] } = JSON.parse(text);
  return list.items.map(({ metadata }) => metadata.name);
}

const configMap = (name: string) => ({ metadata: { name }, data: { filling: 'x'.repeat(500) } });

test('a backup of a running API is of one moment, and what is restored goes on in a new epoch', async () => {
  const [data, elsewhere] = [join(folder(), 'data'), join(folder(), 'below', 'data')];
  const file = join(folder(), 'lab.backup');
  let before = 0;
  {
    await using owned = scope();
    const api = await start(data, owned);
    await send(api, 'POST', `${NAMESPACE}/secrets`, { metadata: { name: 'password' }, stringData: { is: 'plain to see' } });
    for (let n = 0; n < 50; n += 1) await send(api, 'POST', `${NAMESPACE}/configmaps`, configMap(`a${n}`));
    // Pairs are written one after the other: a copy of one moment has no second without its first.
    const stop = new AbortController();
    const writing = (async () => {
      for (let n = 0; !stop.signal.aborted; n += 1) {
        await send(api, 'POST', `${NAMESPACE}/configmaps`, configMap(`first-${n}`));
        await send(api, 'POST', `${NAMESPACE}/configmaps`, configMap(`second-${n}`));
      }
    })();
    await backup(placesOf(data), file);
    stop.abort();
    await writing;
    before = Number(JSON.parse((await send(api, 'GET', `${NAMESPACE}/configmaps`)).text).metadata.resourceVersion);
  }
  await restore(placesOf(elsewhere), file);
  await using owned = scope();
  const api = await start(elsewhere, owned);
  const found = await names(api, 'configmaps');
  expect(found).toEqual(expect.arrayContaining(['a0', 'a49']));
  for (const name of found.filter((one) => one.startsWith('second-'))) expect(found).toContain(name.replace('second', 'first'));
  expect((await send(api, 'GET', `${NAMESPACE}/secrets/password`)).text).toContain(Buffer.from('plain to see').toString('base64'));
  const list = JSON.parse((await send(api, 'GET', `${NAMESPACE}/configmaps`)).text);
  expect(Number(list.metadata.resourceVersion)).toBeGreaterThanOrEqual(2 ** 32);
  const old = await send(api, 'GET', `${NAMESPACE}/configmaps?watch=true&resourceVersion=${before}`);
  expect(JSON.parse(old.text)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
});

test('only who may get every path may take a backup', async () => {
  await using owned = scope();
  const { server } = await start(join(folder(), 'data'), owned);
  const somebody = server.transport({ username: 'ada', groups: ['system:authenticated'] });
  expect(await somebody({ method: 'GET', path: '/backup' })).toMatchObject({ status: 403 });
  const admin = server.transport({ username: 'admin', groups: ['system:masters'] });
  expect(await admin({ method: 'POST', path: '/backup' })).toMatchObject({ status: 405 });
});

test('an installation that is stopped is backed up as well', async () => {
  const data = join(folder(), 'data');
  {
    await using owned = scope();
    const api = await start(data, owned);
    await send(api, 'POST', `${NAMESPACE}/configmaps`, configMap('kept'));
  }
  const file = join(folder(), 'lab.backup');
  await backup(placesOf(data), file);
  await expect(backup(placesOf(data), file)).rejects.toThrow('exists already');
  const empty = folder();
  await restore(placesOf(empty), file);
  await using owned = scope();
  expect(await names(await start(empty, owned), 'configmaps')).toContain('kept');
});

test('what cannot be restored is said in words, and the directory stays empty', async () => {
  const data = join(folder(), 'data');
  {
    await using owned = scope();
    await start(data, owned);
  }
  const [box, target] = [folder(), folder()];
  const file = join(box, 'whole');
  await backup(placesOf(data), file);
  const whole = readFileSync(file);
  const cases: [string, Buffer, string][] = [
    ['cut', whole.subarray(0, whole.length - 2000), 'it is cut off'],
    ['foreign', Buffer.from('hello'), 'it is no backup of CrownLabs'],
    ['newer', await archive({ format: 2 }), 'made by a newer version'],
    ['climbing', await archive({ format: 1, kind: 'product', createdAt: new Date(0).toISOString(), files: [climbing] }), 'cannot be read'],
  ];
  for (const [name, bytes, why] of cases) {
    writeFileSync(join(box, name), bytes);
    await expect(restore(placesOf(target), join(box, name))).rejects.toThrow(why);
  }
  await expect(restore(placesOf(target), join(box, 'none'))).rejects.toThrow('there is no such file');
  await expect(restore(placesOf(data), file)).rejects.toThrow('is not empty');
  await expect(backup(placesOf(target), join(box, 'nothing'))).rejects.toThrow('There is no installation');
  await restore(placesOf(target), file);
});

const climbing = { path: '../../etc/passwd', size: 1, mode: 0o600, sha256: '' };

async function archive(manifest: object): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'backup.json' }, JSON.stringify(manifest));
  tar.finalize();
  return gzipSync(await buffer(tar));
}

test('what runs is neither restored over nor mistaken for something stopped', async () => {
  const data = join(folder(), 'data');
  await using owned = scope();
  await start(data, owned);
  await expect(restore(placesOf(data), 'any')).rejects.toThrow(/is not empty and in use by process \d+/);
  rmSync(join(data, 'admin.kubeconfig'));
  await expect(backup(placesOf(data), join(folder(), 'b'))).rejects.toThrow(/in use by process \d+.* Its API does not answer/);
});

test('a data directory of the first version of the log opens with all its objects', async () => {
  const data = join(folder(), 'data');
  {
    await using owned = scope();
    const api = await start(data, owned);
    await send(api, 'POST', `${NAMESPACE}/configmaps`, configMap('old'));
  }
  const log = new DatabaseSync(join(data, 'api', 'log.db'));
  log.exec(`ALTER TABLE log DROP COLUMN sum; DELETE FROM facts WHERE name = 'layout'`);
  log.close();
  await using owned = scope();
  const api = await start(data, owned);
  expect(await names(api, 'configmaps')).toContain('old');
  expect((await send(api, 'POST', `${NAMESPACE}/configmaps`, configMap('new'))).status).toBe(201);
});

test('the layout of a product is found, with its keys', async () => {
  const [data, elsewhere] = [folder(), join(folder(), 'data')];
  {
    await using owned = scope();
    await start(join(data, 'alone'), owned);
  }
  mkdirSync(join(data, 'log'));
  mkdirSync(join(data, 'pki'));
  writeFileSync(join(data, 'log', 'log.db'), readFileSync(join(data, 'alone', 'api', 'log.db')));
  writeFileSync(join(data, 'pki', 'seal.key'), Buffer.from(readFileSync(join(data, 'alone', 'keys', 'seal.key'), 'utf8'), 'base64'));
  writeFileSync(join(data, 'config.yaml'), 'demo: false\n');
  const file = join(folder(), 'b');
  await backup(placesOf(data), file);
  await restore(placesOf(elsewhere), file);
  expect(readFileSync(join(elsewhere, 'config.yaml'), 'utf8')).toBe('demo: false\n');
  expect(readFileSync(join(elsewhere, 'pki', 'seal.key'))).toHaveLength(32);
});
