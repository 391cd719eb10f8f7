/**
 * From the wish for a machine to the first word of its guest, beside the bare emulator with the same image and the same words, in one run; from the
 * wish to wake a machine that sleeps; and from the wish for an Instance whose template asks for an instant start to the first picture of its screen:
 * `node bench/vm.ts KUBECONFIG [IMAGE] [WORD] [ROUNDS]`. Needs a running installation with `virtualMachines: true`, its kubeconfig
 * (`crownlabs kubeconfig`), Podman, and QEMU on this machine. Nothing else should run: where a processor runs no guests itself, all of it is used.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { instances, templates, tenants, workspaces } from '@crownlabs/api';
import {
  createClient,
  httpTransport,
  kubeconfigEndpoint,
  machineStreams,
  namespacedResource,
  namespaces,
  persistentVolumeClaims,
  pods,
} from '@crownlabs/client';
import { environment, instance, template, tenant, workspace } from '@crownlabs/testkit';
import { run } from '../e2e/program.ts';
import { RfbEye } from './rfb-eye.ts';

const [kubeconfig = '', image = 'crownlabs/vm-server:1', word = 'login:', rounds = '3'] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const BOOT_MS = 300_000;
const NAMESPACE = 'bench-vm';
const machine = { namespace: NAMESPACE, name: 'bench' };
const HARDWARE = { cores: 2, memory: 1024 };

const endpoint = kubeconfigEndpoint(await readFile(kubeconfig, 'utf8'), { directory: dirname(kubeconfig) });
const client = createClient(httpTransport(endpoint), { fieldManager: 'bench', userAgent: 'bench' });
const machines = namespacedResource('kubevirt.io/v1', 'virtualmachines', 'VirtualMachine');
const disks = namespacedResource('cdi.kubevirt.io/v1beta1', 'datavolumes', 'DataVolume');
const streams = machineStreams(endpoint);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

/** Resolves when the text has come. */
async function heard(stream: Readable, text: string): Promise<void> {
  let said = '';
  for await (const chunk of stream) {
    said = `${said}${Buffer.from(chunk).toString()}`.slice(-20_000);
    if (said.includes(text)) return;
  }
  throw new Error('the stream ended before');
}

/** Waits for a word on the serial console of our machine. */
async function onConsole(text: string, type = ''): Promise<void> {
  const signal = AbortSignal.timeout(BOOT_MS);
  for (;;) {
    try {
      const stream = await streams.open(machine, 'console', signal);
      if (type !== '') stream.write(type);
      await heard(stream, text);
      stream.destroy();
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      await pause(20);
    }
  }
}

const printed = async (wanted: string) => {
  for (;;) {
    const { status } = (await client.get(machines, machine.name, NAMESPACE)) as { status?: { printableStatus?: string } };
    if (status?.printableStatus === wanted) return;
    await pause(20);
  }
};

const domain = {
  cpu: { cores: HARDWARE.cores },
  memory: { guest: `${HARDWARE.memory}Mi` },
  devices: { disks: [{ name: 'root', disk: { bus: 'virtio' } }] },
};
const disk = {
  metadata: { name: 'bench' },
  spec: { source: { registry: { url: `docker://${image}` } }, storage: { resources: { requests: { storage: '20Gi' } } } },
};
const wish = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { ...machine },
  spec: {
    runStrategy: 'Always',
    dataVolumeTemplates: [disk],
    template: { spec: { domain, volumes: [{ name: 'root', dataVolume: { name: 'bench' } }], terminationGracePeriodSeconds: 0 } },
  },
};
const sleep = (asleep: boolean) =>
  client.patch(machines, machine.name, NAMESPACE, { metadata: { annotations: { 'virt.crownlabs.polito.it/suspended': String(asleep) } } });

async function ours() {
  const began = performance.now();
  await client.create(machines, wish);
  await printed('Running');
  const made = performance.now() - began;
  await onConsole(word);
  const cold = performance.now() - began;
  const words = await emulatorWords();
  const tired = performance.now();
  await sleep(true);
  await printed('Suspended');
  const asleep = performance.now() - tired;
  const woken = performance.now();
  await sleep(false);
  await printed('Running');
  await onConsole('\n', '\n');
  const awake = performance.now() - woken;
  await client.delete(machines, machine.name, NAMESPACE);
  while ((await client.find(machines, machine.name, NAMESPACE)) || (await client.find(disks, 'bench', NAMESPACE))) await pause(100);
  while (await client.find(persistentVolumeClaims, 'bench', NAMESPACE)) await pause(100);
  return { made, cold, asleep, awake, words };
}

/** The words with which our emulator was started, for a machine of the same name. */
async function emulatorWords(): Promise<string[]> {
  const { items } = await client.list(pods, { namespace: NAMESPACE, labelSelector: 'kubevirt.io=virt-launcher' });
  const args = items[0]?.spec?.containers[0]?.args ?? [];
  return args.slice(args.indexOf('--') + 1);
}

/** The same image in the emulator alone: with the same words, but for its places, and without ports of this machine. */
async function bare([program = '', ...words]: readonly string[], base: string, place: string): Promise<number> {
  const began = performance.now();
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', join(place, 'overlay.qcow2'), '20G']);
  const here = words.map((word) =>
    word
      .replaceAll('/claims/root/disk.img', join(place, 'overlay.qcow2'))
      .replaceAll('/run/machine', place)
      .replaceAll(/,hostfwd=[^,]*/g, ''),
  );
  const child: ChildProcess = spawn(program, here, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const said = () => readFile(join(place, 'console.log'), 'utf8').catch(() => '');
  try {
    while (child.exitCode === null && !(await said()).includes(word)) await pause(20);
    if (child.exitCode !== null) throw new Error(`the emulator ended with code ${child.exitCode}`);
    return performance.now() - began;
  } finally {
    child.kill('SIGKILL');
    await ended;
    await rm(join(place, 'console.log'), { force: true });
  }
}

const COURSE = 'bench-vm';
const OWNER = `tenant-${COURSE}`;
const resources = { cpu: HARDWARE.cores, memory: `${HARDWARE.memory}Mi`, reservedCPUPercentage: 10 };
const quick = environment('machine', { environmentType: 'VirtualMachine', image, guiEnabled: true, instantStart: true, resources });

/** A course with a template whose machines go on from a memory, prepared. Returns how long that took. */
async function prepare(): Promise<number> {
  await client.create(workspaces, workspace(COURSE));
  await client.create(tenants, tenant(COURSE, { [COURSE]: 'user' }));
  const there = () => Promise.all([client.get(namespaces, OWNER), client.get(namespaces, `workspace-${COURSE}`)]);
  while (!(await there().catch(() => undefined))) await pause(100);
  const began = performance.now();
  await client.create(templates, template(COURSE, 'quick', [quick]));
  for (;;) {
    const { status } = await client.get(templates, 'quick', `workspace-${COURSE}`);
    if (status?.conditions?.some(({ type, status: is }) => type === 'InstantStart' && is === 'True')) return performance.now() - began;
    await pause(500);
  }
}

/** From the wish for an Instance to the first picture of its machine that shows something, and until it is Ready. */
async function instant(name: string): Promise<{ frame: number; ready: number }> {
  const began = performance.now();
  await client.create(instances, instance(COURSE, name, { workspace: COURSE, template: 'quick' }));
  await firstPicture({ namespace: OWNER, name: `${name}-machine` });
  const frame = performance.now() - began;
  for (;;) {
    const { status } = await client.get(instances, name, OWNER);
    if (status?.phase === 'Ready') {
      const how = status.conditions?.find(({ type }) => type === 'InstantStart');
      if (how?.status !== 'True') throw new Error(`the machine did not go on from what was prepared: ${how?.message}`);
      break;
    }
    await pause(50);
  }
  const ready = performance.now() - began;
  await client.delete(instances, name, OWNER);
  while (await client.find(instances, name, OWNER)) await pause(100);
  return { frame, ready };
}

async function firstPicture(of: { namespace: string; name: string }): Promise<void> {
  const signal = AbortSignal.timeout(BOOT_MS);
  for (;;) {
    try {
      const eye = await RfbEye.over(await streams.open(of, 'vnc', signal));
      await eye.firstFrame();
      await eye.somethingShown();
      eye.close();
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      await pause(10);
    }
  }
}

async function forgetCourse(): Promise<void> {
  await client.delete(templates, 'quick', `workspace-${COURSE}`).catch(() => undefined);
  await client.delete(tenants, COURSE).catch(() => undefined);
  await client.delete(workspaces, COURSE).catch(() => undefined);
}

async function unpacked(place: string): Promise<string> {
  const { stdout } = await run('podman', ['create', `localhost/${image}`, 'none']);
  await run('podman', ['cp', `${stdout.trim()}:/disk`, place]);
  await run('podman', ['rm', stdout.trim()]);
  const [found = ''] = await readdir(join(place, 'disk'));
  return join(place, 'disk', found);
}

const place = await mkdtemp(join(tmpdir(), 'crownlabs-bench-vm-'));
try {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const base = await unpacked(place);
  const rounds: Awaited<ReturnType<typeof ours>>[] = [];
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const mine = await ours();
    rounds.push(mine);
    alone.push(await bare(mine.words, base, place));
  }
  const prepared = await prepare();
  const starts: Awaited<ReturnType<typeof instant>>[] = [];
  for (let round = 0; round < ROUNDS; round++) starts.push(await instant(`quick-${round}`));
  const of = (what: 'made' | 'cold' | 'asleep' | 'awake') => median(rounds.map((one) => one[what]));
  const raw = median(alone);
  console.log(`Wish to "${word}" on the console, ${image}`);
  console.log(`  here, with a new disk of 20 GB       ${seconds(of('cold'))}   (of that, until it runs: ${seconds(of('made'))})`);
  console.log(`  the emulator alone, same words       ${seconds(raw)}   (ratio ${(of('cold') / raw).toFixed(2)}, budget 1.10)`);
  console.log(`Wish to sleep until it sleeps          ${seconds(of('asleep'))}`);
  console.log(`Wish to wake until its guest answers   ${seconds(of('awake'))}   (budget 2 s)`);
  console.log(`Instant start: wish for an Instance`);
  console.log(`  to the first picture of its machine  ${seconds(median(starts.map(({ frame }) => frame)))}   (budget 2 s)`);
  console.log(`  until it is Ready, a machine anew    ${seconds(median(starts.map(({ ready }) => ready)))}`);
  console.log(`  once before, until it is prepared    ${seconds(prepared)}`);
} finally {
  await client.delete(namespaces, NAMESPACE).catch(() => undefined);
  await forgetCourse();
  await rm(place, { recursive: true, force: true });
}
