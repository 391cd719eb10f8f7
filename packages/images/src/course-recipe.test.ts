import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadCourseRecipe } from './course-recipe.ts';

let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'crownlabs-course-'));
  await mkdir(join(place, 'recipes/server'), { recursive: true });
  await mkdir(join(place, 'recipes/machine/files/etc'), { recursive: true });
  await writeFile(join(place, 'recipes/machine/files/etc/fstab'), 'LABEL=root / ext4\n');
  await writeFile(
    join(place, 'recipes/server/recipe.yaml'),
    'name: server\nversion: "1"\ntitle: S\ndescription: A server\nfeature: virtualMachines\ndisk: {size: 6Gi}\npackages: [openssh-server]\n',
  );
});

afterEach(() => rm(place, { recursive: true, force: true }));

const load = async (text: string, work = 'work') => {
  await writeFile(join(place, 'course.yaml'), text);
  return loadCourseRecipe({ path: join(place, 'course.yaml'), recipes: join(place, 'recipes'), work: join(place, work) });
};

const COURSE = `
name: netlab
title: Network laboratory
base: server
size: 10Gi
packages: [tcpdump]
files:
  - {path: /etc/motd, content: "Welcome\\n"}
  - {path: /usr/local/bin/hello, from: hello.sh, mode: "0755"}
users:
  - {name: guest, groups: [netlab]}
scripts:
  - echo "it's $(id -un)" >/etc/whoami
`;

test('a course stands on a machine of ours, with its packages, files, users and scripts on top', async () => {
  await writeFile(join(place, 'hello.sh'), '#!/bin/sh\necho hello\n');
  const recipe = await load(COURSE);
  expect(recipe).toMatchObject({ reference: 'crownlabs/netlab:1', disk: { size: '10Gi' }, packages: ['tcpdump', 'openssh-server'] });
  const own = join(place, 'work/netlab');
  expect(recipe.overlays).toEqual([join(place, 'recipes/machine/files'), join(own, 'files')]);
  expect(await readFile(join(own, 'files/etc/motd'), 'utf8')).toBe('Welcome\n');
  expect((await stat(join(own, 'files/usr/local/bin/hello'))).mode & 0o777).toBe(0o755);
  expect(recipe.scripts).toEqual([join(own, 'setup.sh')]);
  expect((await readFile(join(own, 'setup.sh'), 'utf8')).split('\n')).toEqual([
    '#!/bin/sh',
    'set -eu',
    'getent group netlab >/dev/null || groupadd netlab',
    'useradd --create-home --shell /bin/bash --groups netlab guest',
    String.raw`/bin/sh -eu -c 'echo "it'\''s $(id -un)" >/etc/whoami'`,
    '',
  ]);
});

test('its image is another one when the course or a file of it changes, and not when it is read from elsewhere', async () => {
  await writeFile(join(place, 'hello.sh'), 'one');
  const { digest } = await load(COURSE);
  expect((await load(COURSE, 'elsewhere')).digest).toBe(digest);
  expect((await load(COURSE.replace('10Gi', '11Gi'), 'larger')).digest).not.toBe(digest);
  await writeFile(join(place, 'hello.sh'), 'two');
  expect((await load(COURSE, 'again')).digest).not.toBe(digest);
});

test.each([
  ['name: x\nbase: nothing\n', 'base: there is no image nothing to build upon'],
  ['name: x\nbase: server\nsize: large\n', 'size: not a size such as 8Gi'],
  ['name: x\nbase: server\nfiles: [{path: /etc/../../x, content: a}]\n', 'files.0.path: not an absolute path'],
  ['name: x\nbase: server\nfiles: [{path: /etc/motd}]\n', 'files.0: exactly one of content and from is needed'],
  ['name: x\nbase: server\nfiles: [{path: /etc/motd, from: gone}]\n', 'the file for /etc/motd could not be read'],
  ['name: x\nbase: server\nusers: [{name: root; reboot}]\n', 'users.0.name: not the name of a user'],
])('what is wrong with a course is said with its place: %s', async (text, why) => {
  await expect(load(text)).rejects.toThrow(why);
});
