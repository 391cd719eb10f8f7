import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { imageBuilds as builds } from '@crownlabs/api';
import { inTurn, RECIPE_LABEL, type Recipe } from '@crownlabs/images';
import { fakeRuntime } from '@crownlabs/runtime';
import { messageOf, silent, systemClock } from '@crownlabs/std';
import { eventually, startTestLab } from '@crownlabs/testkit';
import { expect, test } from 'vitest';
import { announceImages, giveUpImages, imageBuilds } from './image-builds.ts';
import { imagesOnDemand } from './images-on-demand.ts';

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
  needs: [],
  digest: 'd1',
};

async function labWithImages() {
  const lab = await startTestLab();
  const folder = await mkdtemp(join(tmpdir(), 'crownlabs-builds-'));
  const client = lab.admin;
  return {
    client,
    lockFile: join(folder, 'lock'),
    status: async (name = 'tiny') => (await client.find(builds, name))?.status,
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
    builds,
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
  const ours = imageBuilds(options, new AbortController().signal).start();
  await eventually(async () =>
    expect(await lab.status()).toMatchObject({ phase: 'Pending', step: expect.stringContaining('Another installation') }),
  );
  digest = recipe.digest;
  other.resolve();
  await Promise.all([building, ours]);
  expect([await lab.status(), came]).toEqual([expect.objectContaining({ phase: 'Ready', percent: 100 }), 1]);
});

/** Two images of which one needs the other, and both are made when they are asked for; they come from a registry that a test opens. */
async function onDemand() {
  const lab = await labWithImages();
  const machine: Recipe = { ...recipe, name: 'machine', reference: 'crownlabs/machine:1', onDemand: { minutes: 3 }, needs: ['emulator'] };
  const emulator: Recipe = {
    ...recipe,
    name: 'emulator',
    title: 'The emulator',
    reference: 'crownlabs/emulator:1',
    onDemand: { minutes: 1 },
  };
  const { images } = fakeRuntime({ images: [] });
  const made: string[] = [];
  const gate = { open: Promise.resolve(), fails: false };
  const pull = async (reference: string) => {
    await gate.open;
    if (gate.fails) throw new Error('No network.');
    made.push(reference);
    await images.import(Readable.from([]), { reference, config: { labels: { [RECIPE_LABEL]: 'd1' } } });
    return true;
  };
  const ours = imageBuilds(
    {
      client: lab.client,
      recipes: [machine, emulator],
      store: { labels: async (reference) => (await images.find(reference))?.labels, importImage: () => Promise.reject(new Error('built')) },
      pull,
      cacheDir: '/nonexistent',
      lockFile: lab.lockFile,
      onImage: () => undefined,
      clock: systemClock,
      log: silent,
    },
    new AbortController().signal,
  );
  await ours.start();
  return { lab, images, made, gate, store: imagesOnDemand(images, ours) };
}

test('an image that is made on demand says how long that takes, and is made, after what it needs, when the first pod wants it', async () => {
  const { lab, made, gate, store } = await onDemand();
  await using _ = lab;
  expect([await lab.status('machine'), (await lab.client.find(builds, 'machine'))?.spec]).toEqual([
    expect.objectContaining({ phase: 'OnDemand' }),
    expect.objectContaining({ onDemand: true, minutes: 3 }),
  ]);
  const door = Promise.withResolvers<void>();
  gate.open = door.promise;
  const impatient = new AbortController();
  const wanted = [store.pull('crownlabs/machine:1', new AbortController().signal), store.pull('crownlabs/machine:1', impatient.signal)];
  const left = wanted[1]?.catch(messageOf);
  await eventually(async () => {
    expect(await lab.status('emulator')).toMatchObject({ phase: 'Building' });
    expect(await lab.status('machine')).toMatchObject({ phase: 'Pending', step: 'The emulator is made first' });
  });
  impatient.abort(new Error('not any more'));
  expect(await left).toBe('not any more');
  door.resolve();
  expect(await wanted[0]).toMatchObject({ references: ['crownlabs/machine:1'] });
  expect([made, await lab.status('machine')]).toEqual([
    ['crownlabs/emulator:1', 'crownlabs/machine:1'],
    expect.objectContaining({ phase: 'Ready' }),
  ]);
});

test('an image of an older recipe is made anew before it is used, and used where that fails', async () => {
  const { lab, images, made, gate, store } = await onDemand();
  await using _ = lab;
  await images.import(Readable.from([]), { reference: 'crownlabs/emulator:1', config: { labels: { [RECIPE_LABEL]: 'older' } } });
  expect(await store.find('crownlabs/emulator:1')).toBeUndefined();
  gate.fails = true;
  await expect(store.pull('crownlabs/emulator:1', new AbortController().signal)).rejects.toThrow('No network.');
  expect(await lab.status('emulator')).toMatchObject({ phase: 'Failed', message: 'No network.' });
  expect(await store.find('crownlabs/emulator:1')).toMatchObject({ labels: { [RECIPE_LABEL]: 'older' } });
  gate.fails = false;
  await store.pull('crownlabs/emulator:1', new AbortController().signal);
  expect([made, await store.find('crownlabs/emulator:1')]).toEqual([
    ['crownlabs/emulator:1'],
    expect.objectContaining({ labels: { [RECIPE_LABEL]: 'd1' } }),
  ]);
});

test('where no image will come, nobody waits for one', async () => {
  await using lab = await labWithImages();
  await announceImages(lab.client, [recipe]);
  await giveUpImages(lab.client, 'There is no engine.');
  expect(await lab.status()).toMatchObject({ phase: 'Failed', message: 'There is no engine.' });
});
