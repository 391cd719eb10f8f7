import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeRuntime } from '@crownlabs/runtime';
import { expect, onTestFinished, test } from 'vitest';
import { ImageVolumes, imageOfTree } from './image-volumes.ts';

const never = new AbortController().signal;

test('the tree of an image that disks lean on stays and is found by its digest, also when the engine has the image no more', async () => {
  const root = await mkdtemp(join(tmpdir(), 'crownlabs-image-volumes-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const { images } = fakeRuntime({ images: ['base', 'other'] });
  const volumes = new ImageVolumes(root, images);
  const path = await volumes.path('base', 'IfNotPresent', never);
  await volumes.path('other', 'IfNotPresent', never);
  const digest = imageOfTree(path);
  for (const name of ['base', 'other']) await images.remove(name);
  await volumes.sweep([digest]);
  expect(await readdir(root)).toHaveLength(1);
  expect(await volumes.path(digest, 'Never', never)).toBe(path);
  await volumes.sweep();
  await expect(volumes.path(digest, 'Never', never)).rejects.toMatchObject({ code: 'NotFound' });
});
