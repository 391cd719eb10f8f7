import { execFile } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import { configMaps, namespacedResource, namespaces, pods } from '@crownlabs/client';
import { HARDWARE, type Measured, pause, quantile, seconds, until } from './lab.ts';

const NAMESPACE = 'bench-crowd';
const DEFINED = 30;
const RUNNING = 5;
const LOAD_MS = 30_000;
const machines = namespacedResource('kubevirt.io/v1', 'virtualmachines', 'VirtualMachine');
const guests = namespacedResource('kubevirt.io/v1', 'virtualmachineinstances', 'VirtualMachineInstance');

interface Printed {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly ready?: boolean;
    readonly phase?: string;
    readonly printableStatus?: string;
    readonly conditions?: readonly { type: string; message?: string }[];
  };
}

/** How soon the API answers while five of thirty machines boot, and while they run; and how soon it says so of one that is killed. */
export async function measureCrowd({ client }: Measured, image: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  try {
    for (let index = 0; index < DEFINED; index++) await client.create(machines, machineOf(`m-${index}`, image, index < RUNNING));
    await until(async () => (await client.list(guests, { namespace: NAMESPACE })).items.filter(isRunning).length === RUNNING);
    console.log(`${DEFINED} machines defined, ${RUNNING} of them run (${image}, one processor each)`);
    await load('while they boot');
    await until(async () => (await client.list(machines, { namespace: NAMESPACE })).items.filter(isReady).length === RUNNING, 1_000);
    await load('when they have booted');
    await killed();
  } finally {
    await client.delete(namespaces, NAMESPACE).catch(() => undefined);
  }

  /** One caller who reads and writes, as fast as answers come with a short pause between. */
  async function load(when: string): Promise<void> {
    const times = new Map<string, number[]>();
    const timed = async (name: string, work: () => Promise<unknown>) => {
      const began = performance.now();
      await work();
      times.set(name, [...(times.get(name) ?? []), performance.now() - began]);
    };
    const one = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data: {} });
    await client.create(configMaps, one('bench'));
    const end = performance.now() + LOAD_MS;
    for (let index = 0; performance.now() < end; index++) {
      await timed('get', () => client.get(configMaps, 'bench', NAMESPACE));
      await timed('list', () => client.list(pods));
      await timed('patch', () => client.patch(configMaps, 'bench', NAMESPACE, { data: { index: String(index) } }));
      await timed('create', () => client.create(configMaps, one(`bench-${index}`)));
      await timed('delete', () => client.delete(configMaps, `bench-${index}`, NAMESPACE));
      await pause(30);
    }
    await client.delete(configMaps, 'bench', NAMESPACE);
    const all = [...times.values()].flat();
    console.log(`  the API ${when}, ${all.length} requests: p99 ${ms(quantile(all, 0.99))} (budget 50 ms)`);
    for (const [name, taken] of times)
      console.log(
        `    ${name.padEnd(7)} p50 ${ms(quantile(taken, 0.5))}  p90 ${ms(quantile(taken, 0.9))}  p99 ${ms(quantile(taken, 0.99))}`,
      );
  }

  async function killed(): Promise<void> {
    const { stdout } = await promisify(execFile)('pgrep', ['-x', '-f', 'qemu-system-x86_64 -name guest=m-0 .*']);
    const began = performance.now();
    process.kill(Number(stdout.trim().split('\n')[0]), 'SIGKILL');
    const why = await until(async () => {
      // What failed goes at once, to make way for another; its machine says why.
      const { status }: Printed = await client.get(machines, 'm-0', NAMESPACE);
      return (
        status?.printableStatus === 'CrashLoopBackOff' && (status.conditions?.find(({ type }) => type === 'Ready')?.message ?? 'no reason')
      );
    }, 10);
    console.log(`  one that is killed is shown so after ${seconds(performance.now() - began)} (budget 1 s): ${why}`);
  }
}

const ms = (value: number) => `${value.toFixed(1).padStart(5)} ms`;
const isRunning = ({ status }: Printed) => status?.phase === 'Running';
const isReady = ({ status }: Printed) => status?.ready === true;

function machineOf(name: string, image: string, runs: boolean) {
  const domain = {
    cpu: { cores: 1 },
    memory: { guest: `${HARDWARE.memory / 2}Mi` },
    devices: { disks: [{ name: 'root', disk: { bus: 'virtio' } }] },
  };
  const guest = {
    domain,
    volumes: [{ name: 'root', containerDisk: { image } }],
    readinessProbe: { tcpSocket: { port: 22 } },
    terminationGracePeriodSeconds: 0,
  };
  const spec = { runStrategy: runs ? 'Always' : 'Halted', template: { spec: guest } };
  return { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name, namespace: NAMESPACE }, spec };
}
