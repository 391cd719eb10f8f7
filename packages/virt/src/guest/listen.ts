import { ANNOTATION } from '@crownlabs/api';
import { controllerOf, type Informer, type Kube, keyOf, type ObjectKey } from '@crownlabs/client';
import { manualSource, type Source } from '@crownlabs/controller';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { listenToHeart, noticed } from '../emulator/heartbeat.ts';
import { type EmulatorEvent, openMonitor } from '../emulator/session.ts';
import { guests } from '../kinds/kinds.ts';
import { GOES_ON } from './desired.ts';
import { PLACES, SOCKETS } from './places.ts';
import type { SleepTools } from './sleep.ts';

/** What an emulator said of its guest, beside what the pod shows. */
export interface Heard {
  readonly paused: boolean;
  /** Whether the emulator itself has stopped to answer. */
  readonly frozen?: boolean;
  /** When the guest rebooted by itself, since it was ready last. */
  readonly reboots: readonly number[];
  /** How it came up, where it was to go on from what was prepared: `restored`, or why it boots. */
  readonly start?: string;
  /** Whether the processor runs it, as the emulator found. */
  readonly accelerated?: boolean;
}

/** What emulators say of their guests. */
export interface Listener {
  /** Tells of the guests that something new was said of. */
  readonly source: Source;
  heard(pod: Kube<Pod> | undefined): Heard | undefined;
  /** The guest came up: what was before does not count. */
  cameUp(pod: Kube<Pod>): void;
}

const AGAIN_MS = 2_000;
const START_FILE = `${PLACES.run}/start`;
const START_LOOK_MS = 500;
const SILENT: Heard = { paused: false, reboots: [] };

/** Listens to the emulator in every launcher pod that runs, until `signal` aborts. Pods run on when nobody listens. */
export function listenToGuests(tools: SleepTools & { readonly pods: Informer<Kube<Pod>> }): Listener {
  const { pods, signal } = tools;
  const source = manualSource();
  const known = new Map<string, Heard>();
  const listening = new Set<string>();
  const uidOf = (pod: Kube<Pod>) => pod.metadata.uid ?? '';
  const note = (pod: Kube<Pod>, change: (before: Heard) => Heard) => {
    const before = known.get(uidOf(pod)) ?? SILENT;
    const after = change(before);
    if (after === before) return;
    known.set(uidOf(pod), after);
    const owner = controllerOf(pod);
    if (owner) source.enqueue({ name: owner.name, namespace: pod.metadata.namespace ?? '' });
  };
  const runs = (pod: Kube<Pod>) => pods.get(pod.metadata.name, pod.metadata.namespace)?.status?.phase === 'Running';
  const listen = async (pod: Kube<Pod>) => {
    while (!signal.aborted && runs(pod)) {
      await hear(tools, { ...keyOf(pod), goesOn: pod.metadata.annotations?.[ANNOTATION.instantStart] === GOES_ON }, (change) =>
        note(pod, change),
      ).catch(() => undefined);
      await tools.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
    known.delete(uidOf(pod));
    listening.delete(uidOf(pod));
  };
  const begin = (pod: Kube<Pod> | undefined) => {
    if (!pod || controllerOf(pod)?.kind !== guests.kind || pod.status?.phase !== 'Running' || listening.has(uidOf(pod))) return;
    listening.add(uidOf(pod));
    void listen(pod);
  };
  const stop = pods.onChange(begin);
  signal.addEventListener('abort', stop, { once: true });
  return {
    source,
    heard: (pod) => (pod ? known.get(uidOf(pod)) : undefined),
    cameUp: (pod) => {
      const before = known.get(uidOf(pod));
      if (before && before.reboots.length > 0) known.set(uidOf(pod), { ...before, reboots: [] });
    },
  };
}

async function hear(tools: SleepTools, pod: Listened, note: (change: (before: Heard) => Heard) => void): Promise<void> {
  const { shell, clock, signal } = tools;
  const stream = await shell.open(pod, 'compute', [`${PLACES.programs}/connect`, SOCKETS.events], signal);
  const ask = async () => {
    const start = pod.goesOn ? await startOf(tools, pod) : '';
    if (start !== '') note((before) => ({ ...before, start }));
  };
  const heard = ({ event, data }: EmulatorEvent) => {
    if (event === 'RESUME') void ask();
    if (event === 'STOP') note((before) => ({ ...before, paused: true }));
    if (event === 'RESUME') note((before) => ({ ...before, paused: false }));
    // A reset button is no reboot loop.
    if (event === 'RESET' && data?.['guest'] === true) note((before) => ({ ...before, reboots: [...before.reboots, clock.now()] }));
  };
  const heart = { clock, signal, frozen: (is: boolean) => note((before) => ({ ...before, frozen: is })) };
  const session = await noticed(openMonitor(stream, heard), heart);
  // The parse border, here and below: the one field of the answer that we read.
  const { enabled: accelerated = false } = (await session.execute('query-kvm')) as { enabled?: boolean };
  note((before) => (before.accelerated === accelerated ? before : { ...before, accelerated }));
  const { status } = (await session.execute('query-status')) as { status?: string };
  if (status === 'paused' || status === 'prelaunch') note((before) => ({ ...before, paused: true }));
  await ask();
  await listenToHeart(session, heart);
}

/** A launcher pod, and whether its machine was to go on from what was prepared. */
interface Listened extends ObjectKey {
  readonly goesOn: boolean;
}

/** The launcher says so a moment after the machine has gone on. */
async function startOf({ shell, clock, signal }: SleepTools, pod: ObjectKey): Promise<string> {
  for (let tries = 0; tries < 20; tries++) {
    const said = await shell.run(pod, 'compute', ['cat', START_FILE], signal).catch(() => '');
    if (said.trim() !== '') return said.trim();
    await clock.sleep(START_LOOK_MS, signal).catch(() => undefined);
  }
  return '';
}
