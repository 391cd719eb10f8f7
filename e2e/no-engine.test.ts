import { access, chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageBuilds } from '@crownlabs/api';
import { expect, onTestFinished, test } from 'vitest';
import { openBrowser, signIn } from './browser.ts';
import { Installation } from './installation.ts';
import { LAUNCHER, run } from './program.ts';

// Issue 2, "Seen to hold" 7: a machine without a container engine, in each of the ways in which one can be missing.

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'crownlabs-e2e-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A search path that has what the launcher is made of, and nothing more: no engine, no package manager, no sudo. */
async function barePath(): Promise<string> {
  const parent = await folder();
  // For others as well.
  await chmod(parent, 0o755);
  const path = join(parent, 'bin');
  await mkdir(path);
  for (const name of ['sh', 'dirname', 'readlink', 'cksum', 'cat', 'node', 'npm', 'id', 'test', 'setpriv']) {
    const { stdout } = await run('which', [name]);
    await symlink(stdout.trim(), join(path, name));
  }
  return path;
}

const listening = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test('without Podman, and without a way to install it, `up` names what is needed and says who must do it', async (context) => {
  // An engine that the machine runs already is used, whatever the search path says.
  const engines = await Promise.all(['/var/run/docker.sock', '/run/podman/podman.sock'].map(listening));
  if (engines.includes(true)) return context.skip();
  const { code, stderr } = await run(LAUNCHER, ['--data-dir', await folder(), 'up'], {
    env: { PATH: await barePath() },
    timeoutMs: 30_000,
  });
  expect(stderr).toMatch(/This needs podman, .*and there is no apt-get to install it\. Install it your system's way\./);
  expect(stderr).not.toMatch(/\n\s+at |node:internal/);
  return expect(code).toBe(1);
});

test('somebody who is not root, on a machine without sudo, is told what to type', async (context) => {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const readable = await run('setpriv', [...nobody, 'test', '-r', LAUNCHER]);
  if (readable.code !== 0) return context.skip();
  const env = { PATH: await barePath(), HOME: '/nonexistent' };
  const { code, stderr } = await run('setpriv', [...nobody, LAUNCHER, '--data-dir', '/tmp/crownlabs-nobody', 'up'], {
    env,
    timeoutMs: 30_000,
  });
  expect(stderr).toContain('which takes root. Type: sudo ./crownlabs up');
  return expect(code).toBe(1);
});

test('a socket that is no container engine: the page is there, and everybody is told the matter in their own words', async () => {
  await using lab = await Installation.create();
  const socket = join(await folder(), 'other.sock');
  const stranger = createServer((_, response) => void response.writeHead(404).end('I am a printer'));
  await new Promise<void>((done) => stranger.listen(socket, done));
  onTestFinished(() => void stranger.close());
  await writeFile(join(lab.dataDir, 'config.yaml'), `engineSocket: ${socket}\n`);
  await lab.up();
  const administrator = `No container engine answers on ${socket}: it answered 404 Start the engine that should listen there, or choose another one with engineSocket.`;
  await expect.poll(() => lab.output).toContain(administrator);
  const looked = await lab.cli('doctor');
  expect([looked.code, looked.stdout]).toEqual([1, expect.stringContaining(`No container engine answers on ${socket}`)]);
  const admin = await lab.admin();
  const phases = async () => new Set((await admin.list(imageBuilds)).items.map(({ status }) => status?.phase));
  await expect.poll(phases).toEqual(new Set(['Failed']));

  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const { page } = await signIn(browser, lab, 'student');
  const card = page.locator('[data-testid=template-card][data-template=desktop]');
  await card.getByText('Environments cannot run on this machine now.').waitFor();
  expect(await card.getByTestId('start').isDisabled()).toBe(true);
});
