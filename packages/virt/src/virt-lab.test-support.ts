import { type Duplex, duplexPair } from 'node:stream';
import { namespaces, persistentVolumeClaims, pods } from '@crownlabs/client';
import { silent, systemClock } from '@crownlabs/std';
import { eventually, startTestLab, type TestLab } from '@crownlabs/testkit';
import { afterEach, beforeEach, expect } from 'vitest';
import { type Machine, machineCrds, machines, startVirt, type Virt } from './index.ts';

export const NS = 'tenant-ada';
const IMAGE = 'crownlabs/vm-launcher:1';

/** The lab of the test that runs. */
export let lab: TestLab;
/** The machines of the test that runs. */
export let virt: Virt;
/** Ends the machines. */
export let stop: AbortController;
/** What commands in pods print. */
export let answers: Record<string, string>;
let opened: (command: string) => Promise<Duplex>;

/** Gives every test of a file a lab with machines. */
export function useVirtLab(): void {
  beforeEach(begin);
  afterEach(end);
}

async function begin(): Promise<void> {
  lab = await startTestLab();
  // A launcher that ends is a machine that was shut down: here it runs until told otherwise.
  lab.node.jobsEnd = 'never';
  for (const crd of machineCrds()) await lab.admin.raw('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
  await eventually(() => lab.admin.list(machines, { namespace: NS }));
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await lab.admin.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS, labels } });
  answers = {};
  silence();
  await look();
}

/** Begins to look after machines. */
async function look(): Promise<void> {
  stop = new AbortController();
  const shell = {
    open: (_pod: unknown, _container: string, command: readonly string[]) => opened(command.join(' ')),
    run: async (_pod: unknown, _container: string, command: readonly string[]) => answers[command.join(' ')] ?? '',
  };
  const launcher = { image: IMAGE, acceleration: 'tcg' } as const;
  virt = startVirt({ client: lab.admin, launcher, shell, clock: systemClock, log: silent }, stop.signal);
  await virt.ready;
}

/** Who looked after machines is gone, and another one comes. */
export async function restarted(): Promise<void> {
  stop.abort();
  await virt.stopped;
  await look();
}

async function end(): Promise<void> {
  stop.abort();
  await virt.stopped;
  await lab[Symbol.asyncDispose]();
}

/** A machine that boots an image. */
export const machine = (spec: Partial<Machine['spec']> = {}): Machine => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'vm', namespace: NS },
  spec: {
    running: true,
    template: {
      metadata: { labels: { course: 'os' } },
      spec: {
        domain: {
          cpu: { cores: 2 },
          memory: { guest: '1Gi' },
          devices: {
            disks: [
              { name: 'root', disk: { bus: 'virtio' } },
              { name: 'seed', disk: { bus: 'virtio' } },
            ],
            interfaces: [{ name: 'default', masquerade: {} }],
          },
        },
        networks: [{ name: 'default', pod: {} }],
        volumes: [
          { name: 'root', containerDisk: { image: 'crownlabs/vm-server:1' } },
          { name: 'seed', cloudInitNoCloud: { userData: '#cloud-config\n{}' } },
        ],
        readinessProbe: { tcpSocket: { port: 22 } },
      },
    },
    ...spec,
  },
});

/** Makes a machine. */
export const make = (one: Machine) => lab.admin.create(machines, { ...one, metadata: { ...one.metadata } });

/** A volume that stays when the machine that uses it goes. */
export const claim = (name: string) =>
  lab.admin.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: NS },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });

/** Waits for the word that is printed of the machine. */
export const printed = (wanted: string) =>
  eventually(async () => {
    const found = await lab.admin.get(machines, 'vm', NS);
    expect(found.status?.printableStatus).toBe(wanted);
    return found;
  });

/** The pod that runs the machine, once there is one. */
export const launcher = () =>
  eventually(async () => {
    const { items } = await lab.admin.list(pods, { namespace: NS, labelSelector: 'kubevirt.io=virt-launcher' });
    const [pod] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (!pod) throw new Error('no launcher yet');
    return pod;
  });

/** Asks for power. */
export const put = (name: string, subresource: string) =>
  virt.subresources.handle({
    method: 'PUT',
    namespace: NS,
    resource: subresource === 'pause' ? 'virtualmachineinstances' : 'virtualmachines',
    name,
    subresource,
    rest: [],
    signal: stop.signal,
  });

/** From now on nobody answers. */
export function silence(): void {
  opened = () => Promise.reject(new Error('container state improper'));
}

/** What an emulator was asked. */
export interface Asked {
  readonly execute: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** An emulator that does what it is asked, and the programs beside it. Returns what it will have been asked. */
export function emulator(answer: (command: string) => object, met: (program: string, far: Duplex) => void = () => undefined): Asked[] {
  const asked: Asked[] = [];
  opened = async (program) => {
    const [near, far] = duplexPair();
    met(program, far);
    if (program.includes('keep-memory')) far.write('listens at /run/machine/memory.sock\n');
    far.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        // The parse border: what we wrote.
        const question = JSON.parse(line) as Asked;
        asked.push(question);
        const said = question.execute === 'guest-sync' ? { return: question.arguments?.['id'] } : answer(question.execute);
        // What happens by itself comes beside the answer.
        for (const one of 'event' in said ? [{ return: {} }, said] : [said]) far.write(`${JSON.stringify(one)}\n`);
      }
    });
    return near;
  };
  return asked;
}
