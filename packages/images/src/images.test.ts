import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mmdebstrapArguments } from './bootstrap.ts';
import { progressReader } from './progress.ts';
import { loadRecipes } from './recipe.ts';
import { parseRecipe } from './recipe-file.ts';

const MINIMAL = 'name: tiny\nversion: "1"\ntitle: Tiny\ndescription: Nothing much\npackages: [busybox]\nentrypoint: [/bin/sh]\n';

async function folder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'crownlabs-images-'));
  await mkdir(join(path, 'common/files/etc'), { recursive: true });
  await mkdir(join(path, 'tiny'));
  await writeFile(join(path, 'common/files/etc/motd'), 'hello');
  await writeFile(join(path, 'tiny/recipe.yaml'), MINIMAL);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test('the digest of a recipe changes with any file that goes into its image, and only then', async () => {
  await using images = await folder();
  const digest = async () => (await loadRecipes(images.path))[0]?.digest;
  const before = await digest();
  expect(await digest()).toBe(before);
  await writeFile(join(images.path, 'common/files/etc/motd'), 'hello again');
  expect(await digest()).not.toBe(before);
});

test('what varies never becomes part of a shell text', async () => {
  await using images = await folder();
  const [recipe] = await loadRecipes(images.path);
  if (!recipe) throw new Error('no recipe');
  const hooks = mmdebstrapArguments(recipe, '-').filter((argument) => argument.includes('hook='));
  expect(hooks.length).toBe(3);
  expect(hooks.join('\n')).not.toContain(images.path);
});

test('a broken recipe names the file, the key and what is wrong', () => {
  expect(() => parseRecipe(MINIMAL.replace('busybox', '"; rm -rf /"'), 'tiny/recipe.yaml')).toThrow(
    'tiny/recipe.yaml: packages.0: not the name of a Debian package',
  );
  expect(() => parseRecipe(`${MINIMAL}packges: []\n`, 'tiny/recipe.yaml')).toThrow('packges');
  expect(() => parseRecipe('name: [', 'tiny/recipe.yaml')).toThrow('tiny/recipe.yaml is not YAML');
});

test('progress follows the build and never goes back', () => {
  const read = progressReader();
  const seen = [
    'I: automatically chosen mode: root',
    '0 upgraded, 2 newly installed, 0 to remove',
    'Get:1 base-files',
    'Unpacking base-files (12)',
    'I: installing remaining packages inside the chroot...',
    '0 upgraded, 2 newly installed, 0 to remove',
    'Get:1 git',
    'Get:2 perl',
    'Unpacking git',
    'Setting up git',
    'I: running --customize-hook in shell: …',
    'I: creating tarball...',
  ].map((line) => read(line));
  const percents = seen.map(({ percent }) => percent);
  expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  expect(seen.at(-3)).toMatchObject({ step: 'Installing packages' });
  expect(seen.at(-1)).toEqual({ step: 'Packing the image', percent: 90 });
});
