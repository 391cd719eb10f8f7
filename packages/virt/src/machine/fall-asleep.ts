import { type EventRecorder, type Informer, type Kube, type KubeClient, keyOf } from '@crownlabs/client';
import { messageOf } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { conditionOf, conditionsFrom } from '../conditions.ts';
import { runningPod } from '../guest/reconcile.ts';
import { memoryFile, putToSleep, type SleepTools, sleepFault } from '../guest/sleep.ts';
import { type Guest, type Machine, machines } from '../kinds/kinds.ts';
import { isAsleep, isPrepared, SUSPENDED, shouldSleep } from './asleep.ts';
import type { MachineFacts } from './status.ts';

/** Puts the guest of a machine to sleep if it should. */
export type FallAsleep = (facts: MachineFacts) => Promise<SleepOutcome>;

/** What became of it: nothing was to be done, it sleeps, or why it does not, in words. */
export type SleepOutcome = { readonly asleep: boolean; readonly wakeful?: string };

/** What putting machines to sleep works with. */
export interface FallAsleepTools extends SleepTools {
  readonly client: KubeClient;
  readonly guests: Informer<Guest>;
  readonly pods: Informer<Kube<Pod>>;
  readonly events: EventRecorder;
}

/** The way to put machines to sleep on this node. */
export function fallAsleep(tools: FallAsleepTools): FallAsleep {
  // Guests that end because they sleep: what is known of them is from before, and they are not put to sleep again.
  const ending = new Set<string>();
  return async ({ machine, guest }) => {
    if (!guest || guest.status?.phase !== 'Running') return AWAKE;
    const { uid = '', deletionTimestamp } = guest.metadata;
    if (ending.has(uid)) return { asleep: true };
    if (deletionTimestamp !== undefined) return AWAKE;
    if (isPrepared(machine) && !isAsleep(machine) && unpreparedMs(guest, tools.clock.now()) <= 0) return giveUp(tools, machine);
    if (!shouldSleep(machine, guest)) return AWAKE;
    const outcome = await sleepNow(tools, machine, guest);
    if (outcome.asleep) ending.add(uid);
    return outcome;
  };
}

/** So long a machine may take until others can go on from it: an emulated one with a desktop takes some minutes. */
const PREPARE_WITHIN_MS = 20 * 60_000;

/** How long a machine that others go on from may still take. */
export function unpreparedMs(guest: Guest, now: number): number {
  const created = Date.parse(guest.metadata.creationTimestamp ?? '');
  return (Number.isNaN(created) ? now : created) + PREPARE_WITHIN_MS - now;
}

/** It would run for ever, and nobody could use it. */
async function giveUp(tools: FallAsleepTools, machine: Machine): Promise<SleepOutcome> {
  const { name, namespace } = machine.metadata;
  const before = conditionOf(machine.status, SUSPENDED)?.message;
  await tools.client.patch(machines, name, namespace, { spec: { running: false } });
  return told(tools, machine, before ?? `The machine was not ready within ${PREPARE_WITHIN_MS / 60_000} minutes.`);
}

const AWAKE: SleepOutcome = { asleep: false };

async function sleepNow(tools: FallAsleepTools, machine: Machine, guest: Guest): Promise<SleepOutcome> {
  const file = memoryFile(guest.spec);
  const fault = sleepFault(guest.spec);
  if (fault !== undefined || file === undefined) return told(tools, machine, fault ?? '');
  const { name, namespace = '' } = guest.metadata;
  const folders = (guest.spec.domain.devices.filesystems ?? []).length > 0;
  try {
    const pod = keyOf(runningPod(tools, name, namespace));
    await putToSleep(tools, { pod, file, folders, isPrepared: isPrepared(machine), kept: () => remember(tools, machine) });
  } catch (error) {
    // Who kept it ended before this guest did.
    return isAsleep(machine) ? AWAKE : told(tools, machine, `The machine cannot sleep: ${messageOf(error)}`);
  }
  tools.events.record(machine, { type: 'Normal', reason: 'Suspended', message: 'The machine sleeps: what was in its memory is kept.' });
  return { asleep: true };
}

function told({ events }: FallAsleepTools, machine: Machine, message: string): SleepOutcome {
  const before = machine.status?.conditions?.find(({ type }) => type === SUSPENDED)?.message;
  if (before !== message) events.record(machine, { type: 'Warning', reason: 'SuspendFailed', message });
  return { asleep: false, wakeful: message };
}

/** Said before the guest ends: or its end would look like one that it chose itself. */
async function remember({ client, clock }: FallAsleepTools, { metadata: { name, namespace } }: Machine): Promise<void> {
  const { status } = await client.get(machines, name, namespace);
  const others = (status?.conditions ?? []).filter(({ type }) => type !== SUSPENDED);
  const finding = {
    type: SUSPENDED,
    status: 'True',
    reason: 'MemoryKept',
    message: 'What was in the memory of the machine is kept.',
  } as const;
  const conditions = [...others, ...conditionsFrom([finding], status?.conditions, clock.now())];
  await client.patch(machines, name, namespace, { status: { conditions } }, { subresource: 'status' });
}
