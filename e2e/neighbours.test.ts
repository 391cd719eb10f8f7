import { afterAll, beforeAll, expect, test } from 'vitest';
import { containersOf, installationId, traces } from './engine.ts';
import { Installation } from './installation.ts';
import { apply, imagesReady, instanceOf, instanceReady } from './objects.ts';
import { containerId, inContainer, podAddress } from './pods.ts';
import { run } from './program.ts';

// Issue 2, "Seen to hold" 10: installations that share a machine and its engine do not notice each other.

let first: Installation;
let second: Installation;

beforeAll(async () => {
  first = await Installation.start();
  await imagesReady(first, 'terminal');
  await apply(first, instanceOf('student', 'terminal', 'quiet'));
  await instanceReady(first, 'student', 'quiet');
});

afterAll(async () => {
  await second?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
});

/** What the machine has of the pods of the first installation; its spare sandboxes come and go. */
async function ofFirst() {
  const id = await installationId(first);
  const short = id.slice(0, 6);
  const links = (await run('ip', ['-o', 'link'])).stdout.split('\n').filter((line) => line.includes(` cl${short}`));
  return {
    containers: (await containersOf(id)).filter((line) => line.includes('pod-uid')),
    interfaces: links.map((line) => line.split(':')[1]),
    walls: (await run('nft', ['--stateless', 'list', 'table', 'inet', `crownlabs_${short}`])).stdout,
    container: await containerId(first, 'student', 'quiet'),
    processes: await first.pids(),
  };
}

test('a second installation comes, works, dies, comes back and ends; the first one stays as it was', async () => {
  const before = await ofFirst();
  expect(before.containers.length).toBeGreaterThan(0);
  second = await Installation.start();
  await imagesReady(second, 'terminal');
  await apply(second, instanceOf('student', 'terminal', 'quiet'));
  await instanceReady(second, 'student', 'quiet');
  expect(await ofFirst()).toEqual(before);

  const theirs = await podAddress(first, 'student', 'quiet');
  const knock = `timeout 3 bash -c 'exec 3<>/dev/tcp/${theirs}/5900' && echo open || echo closed`;
  expect(await inContainer(second, 'student', 'quiet', ['sh', '-c', knock])).toMatch(/closed/);

  for (const pid of Object.values(await second.pids())) process.kill(pid, 'SIGKILL');
  await second.gone();
  await second.up();
  await instanceReady(second, 'student', 'quiet');
  expect(await ofFirst()).toEqual(before);

  const id = await installationId(second);
  await second.down();
  expect(await traces(id, second.dataDir)).toEqual([]);
  expect(await ofFirst()).toEqual(before);
  expect(await inContainer(first, 'student', 'quiet', ['echo', 'here'])).toBe('here\n');
});

test('`down --keep` lets environments run on, and the next start finds them again', async () => {
  const { container } = await ofFirst();
  await first.down('--keep');
  expect((await run('podman', ['inspect', '--format', '{{.State.Running}}', container.replace(/^.*:\/\//, '')])).stdout).toBe('true\n');
  await first.up();
  await instanceReady(first, 'student', 'quiet');
  expect(await containerId(first, 'student', 'quiet')).toBe(container);
});

test('`down` right after `up` ends what was found running', async () => {
  const id = await installationId(first);
  await first.down('--keep');
  await first.up();
  await first.down();
  expect(await traces(id, first.dataDir)).toEqual([]);
});
