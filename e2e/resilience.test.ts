import { LabError } from '@crownlabs/std';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { cardOf, openBrowser, signIn } from './browser.ts';
import { desktopPainted, isConnected, look, openTerminal } from './desktop.ts';
import { installationId, traces } from './engine.ts';
import { Installation } from './installation.ts';
import { kubectl, must } from './kubectl.ts';
import { apply, imagesReady, instanceOf, instanceReady } from './objects.ts';
import { containerId, inContainer } from './pods.ts';
import { run } from './program.ts';

// Issue 2, "Seen to hold" 6: what a crash costs people, which is nothing.

let lab: Installation;
let browser: Browser;
let page: Page;

const ADDRESS = '/desktop/tenant-student/lasting/desktop';
const OBJECTS = ['get', 'tenants,workspaces,templates,instances', '-A', '-o', 'name'];

beforeAll(async () => {
  [lab, browser] = await Promise.all([Installation.start(), openBrowser()]);
  await imagesReady(lab, 'desktop');
  await apply(lab, instanceOf('student', 'desktop', 'lasting'));
  await instanceReady(lab, 'student', 'lasting');
  ({ page } = await signIn(browser, lab, 'student'));
});

afterAll(async () => {
  await browser?.close();
  await lab?.[Symbol.asyncDispose]();
});

/** Writes objects one after the other until the API is gone; returns the names of those that it acknowledged. */
async function writeUntilItDies(written: string[]): Promise<void> {
  const admin = await lab.admin();
  for (;;) {
    const name = `written-${written.length}`;
    await admin.raw('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    written.push(name);
  }
}

test('control is killed while a desktop is open: it streams on, and nothing acknowledged is missing', async () => {
  await page.goto(`${lab.url}${ADDRESS}`);
  await desktopPainted(page);
  await openTerminal(page, lab, 'student', 'lasting');
  const container = await containerId(lab, 'student', 'lasting');
  const { supervisor, control } = await lab.pids();
  const written: string[] = [];
  const died = writeUntilItDies(written).catch((error: unknown) => error);
  await expect.poll(() => written.length).toBeGreaterThan(50);
  // The supervisor must not start it again before we have looked.
  process.kill(supervisor, 'SIGSTOP');
  onTestFinished(() => void process.kill(supervisor, 'SIGCONT'));
  process.kill(control, 'SIGKILL');
  expect(await died).toBeInstanceOf(LabError);
  const before = await look(page);
  await page.keyboard.type('echo streamed > /tmp/streamed\n', { delay: 15 });
  await expect.poll(() => look(page)).not.toEqual(before);
  const typed = await run('podman', ['exec', container.replace(/^.*:\/\//, ''), 'cat', '/tmp/streamed']);
  expect(typed.stdout).toBe('streamed\n');
  expect((await kubectl(lab, ['get', '--raw', '/readyz'])).code).not.toBe(0);
  expect(await isConnected(page)).toBe(true);

  process.kill(supervisor, 'SIGCONT');
  await expect.poll(async () => (await kubectl(lab, ['get', '--raw', '/readyz'])).stdout, { timeout: 20_000 }).toBe('ok');
  const listed = await must(lab, ['get', 'configmaps', '-n', 'default', '-o', 'jsonpath={.items[*].metadata.name}']);
  const there = new Set(listed.split(' '));
  expect(written.filter((name) => !there.has(name))).toEqual([]);
  await instanceReady(lab, 'student', 'lasting');
  expect(await containerId(lab, 'student', 'lasting')).toBe(container);
  // The API answers before the node is back; from then on commands run in the environment as before.
  await expect.poll(() => inContainer(lab, 'student', 'lasting', ['cat', '/tmp/streamed']), { timeout: 20_000 }).toBe('streamed\n');
  expect(await isConnected(page)).toBe(true);
});

test('the browser stays signed in over it', async () => {
  await page.goto(`${lab.url}/`);
  await expect.poll(() => cardOf(page, 'lasting', 'Ready').count()).toBe(1);
});

test('everything is killed: after `up` all objects are there and environments come back by their spec', async () => {
  const off = instanceOf('student', 'desktop', 'off');
  await apply(lab, { ...off, spec: { ...off.spec, running: false } });
  const before = await must(lab, OBJECTS);
  const { supervisor, control, edge } = await lab.pids();
  for (const pid of [supervisor, control, edge]) process.kill(pid, 'SIGKILL');
  await lab.gone();
  await lab.up();
  expect(await must(lab, OBJECTS)).toBe(before);
  await instanceReady(lab, 'student', 'lasting');
  expect(await must(lab, ['get', 'pods', '-n', 'tenant-student', '-l', 'crownlabs.polito.it/instance=off', '-o', 'name'])).toBe('');
  await page.goto(`${lab.url}${ADDRESS}`);
  await desktopPainted(page);
});

test('everything is killed: `down` ends the environments and the engine service that were left, and forgets them', async () => {
  const id = await installationId(lab);
  const { supervisor, control, edge } = await lab.pids();
  for (const pid of [supervisor, control, edge]) process.kill(pid, 'SIGKILL');
  await lab.gone();
  expect((await traces(id, lab.dataDir)).length).toBeGreaterThan(0);
  expect((await lab.cli('down')).stderr).toContain('Ended what was left running, environments too.');
  expect(await traces(id, lab.dataDir)).toEqual([]);
  expect((await lab.cli('down')).stderr).toContain('Nothing runs from');
});
