import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Installation } from './installation.ts';
import { kubectl, must } from './kubectl.ts';
import { LAUNCHER, run } from './program.ts';
import { wordsOf } from './words-of.ts';

// Issue 2, "Seen to hold" 7: a disk that is full is said in words that help, and nothing is lost.

const configMap = (name: string, bytes = 10) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data: { text: 'x'.repeat(bytes) },
});

test('writes are refused in words, reading goes on, and what was acknowledged outlives it', async () => {
  const lab = await Installation.create();
  await succeeded('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=0700', 'tmpfs', lab.dataDir]);
  onTestFinished(async () => {
    await lab.down().catch(() => undefined);
    await succeeded('umount', ['-l', lab.dataDir]);
    await lab[Symbol.asyncDispose]();
  });
  await lab.up();
  await must(lab, ['create', '-f', '-'], configMap('before'));
  const filler = join(lab.dataDir, 'filler');
  const { bavail, bsize } = await statfs(lab.dataDir);
  await writeFile(filler, Buffer.alloc(bavail * bsize, 1)).catch(() => undefined);
  const acknowledged = ['before'];
  let refusal = '';
  for (let turn = 0; refusal === '' && turn < 40; turn += 1) {
    const name = `full-${turn}`;
    const { code, stderr } = await kubectl(lab, ['create', '-f', '-'], JSON.stringify(configMap(name, 200_000)));
    if (code === 0) acknowledged.push(name);
    else refusal = stderr;
  }
  expect(refusal).toMatch(/disk is full/);
  expect(refusal).toContain('Free space on it and try again');
  expect(await must(lab, ['get', 'configmap', 'before', '-n', 'default', '-o', 'name'])).toBe('configmap/before\n');
  await rm(filler);
  await expect
    .poll(() => kubectl(lab, ['create', '-f', '-'], JSON.stringify(configMap('after'))).then(({ code }) => code), {
      timeout: 20_000,
      interval: 500,
    })
    .toBe(0);
  acknowledged.push('after');
  await lab.down();
  await lab.up();
  const there = (await must(lab, ['get', 'configmaps', '-n', 'default', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
  expect(acknowledged.filter((name) => !there.includes(name))).toEqual([]);
});

test('`up --detach` gives up and says why', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'crownlabs-e2e-'));
  await succeeded('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', dataDir]);
  onTestFinished(async () => {
    await succeeded('umount', ['-l', dataDir]);
    await rm(dataDir, { recursive: true });
  });
  // Room for its small files, but not for the log of all objects.
  await writeFile(join(dataDir, 'filler'), Buffer.alloc(1_840_000, 1));
  const said = wordsOf(await run(LAUNCHER, ['--data-dir', dataDir, 'up', '--detach', '--port', '18431', '--api-port', '18432']));
  expect(said).toContain(`control ended with code 1 before it served. The log in ${dataDir}/log cannot be opened`);
  expect(said).toContain('Free space on its disk.');
  expect((await run(LAUNCHER, ['--data-dir', dataDir, 'status'])).code).toBe(3);
});

async function succeeded(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(stderr);
}
