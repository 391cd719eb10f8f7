import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageLists } from '@crownlabs/api';
import { eventually, startTestLab } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { IMAGE_LISTS } from './config.ts';

/** Debian's package of the reference registry. */
const PROGRAM = '/usr/bin/docker-registry';
const installed = canRun(PROGRAM);

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

/** Runs the registry on a directory of its own until disposed of. */
async function startRealRegistry(): Promise<AsyncDisposable & { readonly url: string }> {
  const root = await mkdtemp(join(tmpdir(), 'crownlabs-registry-'));
  const addr = `127.0.0.1:${await freePort()}`;
  const config = { version: '0.1', log: { level: 'error' }, storage: { filesystem: { rootdirectory: root } }, http: { addr } };
  await writeFile(join(root, 'config.yml'), JSON.stringify(config));
  const program = spawn(PROGRAM, ['serve', join(root, 'config.yml')], { stdio: 'ignore' });
  const ended = new Promise((resolve) => program.once('exit', resolve));
  await eventually(async () => expect((await fetch(`http://${addr}/v2/`)).status).toBe(200), 10_000);
  return {
    url: `http://${addr}`,
    async [Symbol.asyncDispose]() {
      program.kill();
      await ended;
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Pushes an image with nothing in it. https://distribution.github.io/distribution/spec/api/ */
async function push(url: string, name: string, tag: string): Promise<void> {
  const content = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } });
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const begun = await fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST' });
  const upload = new URL(begun.headers.get('location') ?? '', url);
  upload.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  expect((await fetch(upload, { method: 'PUT', body: content, headers })).status).toBe(201);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const of = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: content.length };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: of, layers: [] });
  const put = await fetch(`${url}/v2/${name}/manifests/${tag}`, { method: 'PUT', body: manifest, headers: { 'content-type': mediaType } });
  expect(put.status).toBe(201);
}

test.skipIf(!installed)('a real registry is listed, page by page; skipped where it is not installed', async () => {
  await using registry = await startRealRegistry();
  const names = Array.from({ length: 103 }, (_, i) => `image-${i}`);
  await Promise.all(names.map((name) => push(registry.url, `lab/${name}`, '1.0')));
  await push(registry.url, 'lab/image-0', 'latest');
  await push(registry.url, 'lab/image-0', '1.1');
  const one = {
    name: 'real',
    type: 'docker' as const,
    url: registry.url,
    registryName: 'registry.example.org',
    imageListName: 'real',
    project: 'lab',
  };
  await using lab = await startTestLab({ config: { imageLists: { ...IMAGE_LISTS, registries: [one] } } });
  await eventually(async () => {
    const { spec } = await lab.admin.get(imageLists, 'real');
    expect(spec.images.map(({ name }) => name)).toEqual(names);
    expect(spec.images[0]?.versions).toEqual(['1.0', '1.1']);
  }, 10_000);
});
