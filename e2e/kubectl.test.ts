import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { engineLeftovers } from './engine.ts';
import { Installation } from './installation.ts';
import { kubectlBinary, must } from './kubectl.ts';
import { apply, imagesReady, instanceOf, instanceReady } from './objects.ts';

// Issue 2, "Seen to hold" 4: the product through kubectl, as an administrator knows it.

let lab: Installation;

beforeAll(async () => {
  lab = await Installation.start();
  await imagesReady(lab, 'terminal');
});

afterAll(() => lab?.[Symbol.asyncDispose]());

const object = (name: string) => join(import.meta.dirname, 'objects', name);
const ok = (args: readonly string[]) => must(lab, args);

test('`crownlabs kubeconfig` prints what kubectl needs', async () => {
  const { stdout } = await lab.cli('kubeconfig');
  expect(stdout).toBe(await readFile(lab.kubeconfig, 'utf8'));
});

test('everything of the lab is listed with its columns', async () => {
  const listed = await ok(['get', 'tenants,workspaces,templates,instances', '-A']);
  expect(listed).toMatch(/tenant.crownlabs.polito.it\/student +Stefano +Student/);
  expect(listed).toMatch(/workspace.crownlabs.polito.it\/netgroup +Netgroup +workspace-netgroup +true/);
  expect(listed).toMatch(/workspace-netgroup +template.crownlabs.polito.it\/desktop +Linux desktop/);
});

test('the objects of the slides apply unchanged; their virtual machine says that its image is not to be had', async () => {
  await ok(['apply', '-f', object('slides.yaml')]);
  await ok(['wait', '--for=create', 'namespace/tenant-marco-iorio', '--timeout=30s']);
  await ok(['apply', '-f', object('slides-template.yaml')]);
  await ok(['apply', '-f', object('slides-instance.yaml')]);
  const why = [
    'get',
    '-n',
    'tenant-marco-iorio',
    'instance/instance-p85f4',
    '-o',
    'jsonpath={.status.conditions[?(@.type=="Ready")].message}',
  ];
  await expect.poll(() => ok(why), { timeout: 60_000 }).toContain('registry.internal.crownlabs.polito.it does not answer');
  await ok(['delete', '-f', object('slides-instance.yaml'), '--timeout=30s']);
});

test('an instance is watched while it starts, described, and deleted, and nothing of it is left', async () => {
  const nothing = { containers: 0, networks: 0, volumes: [] };
  // What the tests before had goes in its own time.
  await expect.poll(() => engineLeftovers(lab), { timeout: 30_000 }).toEqual(nothing);
  const watch = ['get', 'instances', '-n', 'tenant-student', '-w', '--output-watch-events'];
  const watcher = spawn(await kubectlBinary(35), ['--kubeconfig', lab.kubeconfig, ...watch]);
  let watched = '';
  watcher.stdout.on('data', (chunk: Buffer) => void (watched += chunk.toString()));
  await apply(lab, instanceOf('student', 'terminal', 'watched'));
  await instanceReady(lab, 'student', 'watched');
  const described = await ok(['describe', '-n', 'tenant-student', 'instance', 'watched']);
  expect(described).toMatch(/Phase: +Ready/);
  expect(described).toMatch(/Events:/);
  const during = await engineLeftovers(lab);
  expect(during.containers).toBeGreaterThan(0);
  await ok(['delete', 'instance', '-n', 'tenant-student', 'watched', '--timeout=60s']);
  const kinds = 'pods,deployments,services,secrets,persistentvolumeclaims,roles,rolebindings';
  const selected = ['get', kinds, '-n', 'tenant-student', '-l', 'crownlabs.polito.it/instance=watched', '-o', 'name'];
  await expect.poll(() => ok(selected), { timeout: 30_000 }).toBe('');
  await expect.poll(() => engineLeftovers(lab), { timeout: 30_000 }).toEqual(nothing);
  await expect.poll(() => watched, { timeout: 10_000 }).toMatch(/DELETED .*watched/);
  watcher.kill();
  expect(watched).toMatch(/ADDED .*watched/);
  expect(watched).toMatch(/MODIFIED .*watched.* Ready /);
});

test('fields are explained', async () => {
  expect(await ok(['explain', 'instance.spec'])).toMatch(/running\s+<boolean>/);
  expect(await ok(['explain', 'template.spec.environmentList.resources'])).toMatch(/memory\s+<\S+>/);
});
