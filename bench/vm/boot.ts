import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { namespacedResource, namespaces, persistentVolumeClaims, pods } from '@crownlabs/client';
import { run } from '../../e2e/program.ts';
import { BOOT_MS, HARDWARE, type Measured, median, pause, seconds, until } from './lab.ts';

const NAMESPACE = 'bench-vm';
const machine = { namespace: NAMESPACE, name: 'bench' };
const machines = namespacedResource('kubevirt.io/v1', 'virtualmachines', 'VirtualMachine');
const disks = namespacedResource('cdi.kubevirt.io/v1beta1', 'datavolumes', 'DataVolume');

/** What is booted, and by which word on its console one sees that it has. */
export interface Booted {
  readonly image: string;
  readonly word: string;
  readonly rounds: number;
  /** A directory of ours. */
  readonly place: string;
}

/** From the wish for a machine to its guest's first word, beside the bare emulator with the same image and words; sleep and waking. */
export async function measureBoots({ client, streams }: Measured, { image, word, rounds, place }: Booted): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  try {
    const base = await unpacked(image, place);
    const taken: Awaited<ReturnType<typeof ours>>[] = [];
    const alone: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const mine = await ours();
      taken.push(mine);
      alone.push(await bare(mine.words, base));
    }
    const of = (what: 'made' | 'cold' | 'asleep' | 'awake') => median(taken.map((one) => one[what]));
    const raw = median(alone);
    console.log(`Wish to "${word}" on the console, ${image}, ${rounds} rounds`);
    console.log(`  here, with a new disk of 20 GB       ${seconds(of('cold'))}   (of that, until it runs: ${seconds(of('made'))})`);
    console.log(`  the emulator alone, same words       ${seconds(raw)}   (ratio ${(of('cold') / raw).toFixed(2)}, budget 1.10)`);
    console.log(`Wish to sleep until it sleeps          ${seconds(of('asleep'))}`);
    console.log(`Wish to wake until its guest answers   ${seconds(of('awake'))}   (budget 2 s)`);
  } finally {
    await client.delete(namespaces, NAMESPACE).catch(() => undefined);
  }

  async function ours() {
    const began = performance.now();
    await client.create(machines, wishFor(image));
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
    for (const kind of [machines, disks, persistentVolumeClaims])
      await until(async () => (await client.find(kind, machine.name, NAMESPACE)) === undefined, 100);
    return { made, cold, asleep, awake, words };
  }

  function printed(wanted: string) {
    return until(async () => {
      const { status } = (await client.get(machines, machine.name, NAMESPACE)) as { status?: { printableStatus?: string } };
      return status?.printableStatus === wanted;
    }, 20);
  }

  function sleep(asleep: boolean) {
    const annotations = { 'virt.crownlabs.polito.it/suspended': String(asleep) };
    return client.patch(machines, machine.name, NAMESPACE, { metadata: { annotations } });
  }

  /** Waits for a word on the serial console of our machine; what is typed is typed again, because who does not run yet hears nothing. */
  async function onConsole(text: string, type = ''): Promise<void> {
    const signal = AbortSignal.timeout(BOOT_MS);
    for (;;) {
      let typing: ReturnType<typeof setInterval> | undefined;
      try {
        const stream = await streams.open(machine, 'console', signal);
        if (type !== '') typing = setInterval(() => stream.write(type), 100);
        await heard(stream, text);
        stream.destroy();
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        await pause(20);
      } finally {
        clearInterval(typing);
      }
    }
  }

  /** The words with which our emulator was started, for a machine of the same name. */
  async function emulatorWords(): Promise<string[]> {
    const { items } = await client.list(pods, { namespace: NAMESPACE, labelSelector: 'kubevirt.io=virt-launcher' });
    const args = items[0]?.spec?.containers[0]?.args ?? [];
    return args.slice(args.indexOf('--') + 1);
  }

  /** The same image in the emulator alone: with the same words, but for its places, and without ports of this machine. */
  async function bare([program = '', ...words]: readonly string[], base: string): Promise<number> {
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
      await until(async () => child.exitCode !== null || (await said()).includes(word), 20);
      if (child.exitCode !== null) throw new Error(`the emulator ended with code ${child.exitCode}`);
      return performance.now() - began;
    } finally {
      child.kill('SIGKILL');
      await ended;
      await rm(join(place, 'console.log'), { force: true });
    }
  }
}

function wishFor(image: string) {
  const domain = {
    cpu: { cores: HARDWARE.cores },
    memory: { guest: `${HARDWARE.memory}Mi` },
    devices: { disks: [{ name: 'root', disk: { bus: 'virtio' } }] },
  };
  const disk = {
    metadata: { name: machine.name },
    spec: { source: { registry: { url: `docker://${image}` } }, storage: { resources: { requests: { storage: '20Gi' } } } },
  };
  const guest = { domain, volumes: [{ name: 'root', dataVolume: { name: machine.name } }], terminationGracePeriodSeconds: 0 };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { ...machine },
    spec: { runStrategy: 'Always', dataVolumeTemplates: [disk], template: { spec: guest } },
  };
}

/** Resolves when the text has come. */
async function heard(stream: Readable, text: string): Promise<void> {
  let said = '';
  for await (const chunk of stream) {
    said = `${said}${Buffer.from(chunk).toString()}`.slice(-20_000);
    if (said.includes(text)) return;
  }
  throw new Error('the stream ended before');
}

async function unpacked(image: string, place: string): Promise<string> {
  const { stdout } = await run('podman', ['create', `localhost/${image}`, 'none']);
  await run('podman', ['cp', `${stdout.trim()}:/disk`, place]);
  await run('podman', ['rm', stdout.trim()]);
  const [found = ''] = await readdir(join(place, 'disk'));
  return join(place, 'disk', found);
}
