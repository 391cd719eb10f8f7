import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageBuilds } from '@crownlabs/api';
import { inTurn, RECIPE_LABEL, type Recipe } from '@crownlabs/images';
import { silent, systemClock } from '@crownlabs/std';
import { eventually, startTestLab } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { announceImages, buildImages, giveUpImages } from './image-builds.ts';

const recipe: Recipe = {
  name: 'tiny',
  version: '1',
  title: 'Tiny',
  description: 'Nothing much',
  suite: 'bookworm',
  packages: ['busybox'],
  exclude: [],
  entrypoint: ['/bin/sh'],
  env: {},
  reference: 'crownlabs/tiny:1',
  overlays: [],
  scripts: [],
  digest: 'd1',
};

async function labWithImages() {
  const lab = await startTestLab();
  const folder = await mkdtemp(join(tmpdir(), 'crownlabs-builds-'));
  const client = lab.admin;
  return {
    client,
    lockFile: join(folder, 'lock'),
    status: async () => (await client.find(imageBuilds, 'tiny'))?.status,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
      await lab[Symbol.asyncDispose]();
    },
  };
}

test('an image that nobody looked at yet is on its way, and one that was ready stays so until it is looked at again', async () => {
  await using lab = await labWithImages();
  await announceImages(lab.client, [recipe]);
  expect(await lab.status()).toMatchObject({ phase: 'Pending' });
  await lab.client.apply(
    imageBuilds,
    {
      apiVersion: 'lab.crownlabs.polito.it/v1alpha1',
      kind: 'ImageBuild',
      metadata: { name: 'tiny' },
      status: { phase: 'Ready', percent: 100 },
    },
    { subresource: 'status', force: true },
  );
  await announceImages(lab.client, [recipe]);
  expect(await lab.status()).toMatchObject({ phase: 'Ready' });
});

test('while another installation builds, people see it, and its image is used as it is', async () => {
  await using lab = await labWithImages();
  let digest = 'older';
  let came = 0;
  const options = {
    client: lab.client,
    recipes: [recipe],
    store: { labels: async () => ({ [RECIPE_LABEL]: digest }), importImage: () => Promise.reject(new Error('built a second time')) },
    pull: () => Promise.reject(new Error('fetched a second time')),
    cacheDir: '/nonexistent',
    lockFile: lab.lockFile,
    onImage: () => void (came += 1),
    clock: systemClock,
    log: silent,
  };
  const other = Promise.withResolvers<void>();
  const building = inTurn({ lockFile: lab.lockFile, clock: systemClock, signal: new AbortController().signal }, () => other.promise);
  const ours = buildImages(options, new AbortController().signal);
  await eventually(async () =>
    expect(await lab.status()).toMatchObject({ phase: 'Pending', step: expect.stringContaining('Another installation') }),
  );
  digest = recipe.digest;
  other.resolve();
  await Promise.all([building, ours]);
  expect([await lab.status(), came]).toEqual([expect.objectContaining({ phase: 'Ready', percent: 100 }), 1]);
});

test('where no image will come, nobody waits for one', async () => {
  await using lab = await labWithImages();
  await announceImages(lab.client, [recipe]);
  await giveUpImages(lab.client, 'There is no engine.');
  expect(await lab.status()).toMatchObject({ phase: 'Failed', message: 'There is no engine.' });
});
