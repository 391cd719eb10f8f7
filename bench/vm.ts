/**
 * From the wish for a machine to the first word of its guest, beside the bare emulator with the same image, in one run; and from the wish to wake
 * a machine that sleeps: `node bench/vm.ts KUBECONFIG [IMAGE] [WORD]`. Needs a running installation with `virtualMachines: true`, its kubeconfig
 * (`crownlabs kubeconfig`), Podman, and QEMU on this machine. Nothing else should run: where a processor runs no guests itself, all of it is used.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import {
  createClient,
  httpTransport,
  kubeconfigEndpoint,
  machineStreams,
  namespacedResource,
  namespaces,
  persistentVolumeClaims,
} from '@crownlabs/client';
import { run } from '../e2e/program.ts';

const [kubeconfig = '', image = 'crownlabs/vm-server:1', word = 'login:'] = process.argv.slice(2);
const ROUNDS = 3;
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
  return { made, cold, asleep, awake };
}

/** The same image in the emulator alone, with a disk of its own over it. */
async function bare(base: string, place: string): Promise<number> {
  const began = performance.now();
  const file = join(place, 'overlay.qcow2');
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', file, '20G']);
  const { cores, memory } = HARDWARE;
  const drive = `file=${file},if=virtio,format=qcow2,cache=writeback,discard=unmap`;
  const words = `-machine q35 -nodefaults -display none -serial stdio -vga std -accel tcg,thread=multi,tb-size=128 -cpu max -smp ${cores} -m ${memory}`;
  const child: ChildProcess = spawn('qemu-system-x86_64', words.split(' ').concat('-drive', drive, '-nic', 'user,model=virtio-net-pci'));
  const ended = once(child, 'exit');
  try {
    if (child.stdout) await heard(child.stdout, word);
    return performance.now() - began;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
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
    rounds.push(await ours());
    alone.push(await bare(base, place));
  }
  const of = (what: keyof (typeof rounds)[number]) => median(rounds.map((one) => one[what]));
  const raw = median(alone);
  console.log(`Wish to "${word}" on the console, ${image}`);
  console.log(`  here, with a new disk of 20 GB       ${seconds(of('cold'))}   (of that, until it runs: ${seconds(of('made'))})`);
  console.log(`  the emulator alone                   ${seconds(raw)}   (ratio ${(of('cold') / raw).toFixed(2)}, budget 1.10)`);
  console.log(`Wish to sleep until it sleeps          ${seconds(of('asleep'))}`);
  console.log(`Wish to wake until its guest answers   ${seconds(of('awake'))}   (budget 2 s)`);
} finally {
  await client.delete(namespaces, NAMESPACE).catch(() => undefined);
  await rm(place, { recursive: true, force: true });
}
