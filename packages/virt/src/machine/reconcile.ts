import type { EventRecorder, Informer, KubeClient } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { type Backoff, backoffDelay, type Clock, hasCode, sameJson } from '@crownlabs/std';
import { conditionOf } from '../conditions.ts';
import { type Disk, disks, type Guest, guests, type Machine, machines } from '../kinds/kinds.ts';
import { isAsleep, isPrepared, shouldSleep } from './asleep.ts';
import { desiredDisks, desiredGuest } from './desired.ts';
import { type FallAsleep, unpreparedMs } from './fall-asleep.ts';
import { nextStep, openRequests, type Step, strategyOf } from './plan.ts';
import { type Failures, type MachineFacts, observeMachine } from './status.ts';

/** What the controller of machines works with. */
export interface MachineTools {
  readonly client: KubeClient;
  readonly machines: Informer<Machine>;
  readonly guests: Informer<Guest>;
  readonly disks: Informer<Disk>;
  /** Puts the guest of a machine to sleep that should. */
  readonly fallAsleep: FallAsleep;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** What keeps a machine awake may end: a program that uses a folder. */
const SLEEP_AGAIN_MS = 15_000;
const CRASH_BACKOFF: Backoff = { baseMs: 10_000, capMs: 300_000 };

/** Keeps every machine running or stopped, as its strategy and the wishes of people say. */
export function machineReconciler(tools: MachineTools): Reconcile {
  return async ({ name, namespace = '' }) => {
    const machine = tools.machines.get(name, namespace);
    if (!machine) return undefined;
    const facts = factsOf(tools, machine);
    const deleted = machine.metadata.deletionTimestamp !== undefined;
    if (!deleted) await ensureDisks(tools, machine);
    const waits = (facts.failures?.retryAt ?? 0) - facts.now;
    const step = deleted ? 'nothing' : stepOf(facts);
    const later = step === 'create' && waits > 0;
    const guest = later ? facts.guest : await take(tools, facts, step);
    const { asleep, wakeful } = await tools.fallAsleep(facts);
    // Its guest ends now, and is looked at when it has.
    if (asleep) return undefined;
    await report(tools, { ...facts, guest, wakeful });
    return again([...(wakeful === undefined ? [] : [SLEEP_AGAIN_MS]), ...(later ? [waits] : []), ...prepares(machine, guest, facts.now)]);
  };
}

/** Until when a machine may take that others are to go on from. */
function prepares(machine: Machine, guest: Guest | undefined, now: number): number[] {
  return guest && isPrepared(machine) && !isAsleep(machine) ? [Math.max(0, unpreparedMs(guest, now))] : [];
}

function again(waits: readonly number[]): Requeue {
  return waits.length === 0 ? undefined : { afterMs: Math.min(...waits) };
}

function factsOf({ guests: known, disks: made, clock }: MachineTools, machine: Machine): MachineFacts {
  const { name, namespace, uid } = machine.metadata;
  const found = known.get(name, namespace);
  const guest = found?.metadata.ownerReferences?.some((it) => it.uid === uid) === true ? found : undefined;
  const own = (machine.spec.dataVolumeTemplates ?? []).flatMap(({ metadata }) => made.get(metadata.name, namespace) ?? []);
  const used = (machine.spec.template.spec.volumes ?? []).flatMap(({ dataVolume }) =>
    dataVolume ? (made.get(dataVolume.name, namespace) ?? []) : [],
  );
  const now = clock.now();
  return {
    wakeful: undefined,
    machine,
    guest,
    disks: [...new Set([...own, ...used])],
    requests: openRequests(machine.status?.stateChangeRequests, guest),
    failures: failuresOf(machine, guest, now),
    now,
  };
}

/** A guest that failed counts once; one that became ready ends the row. */
function failuresOf({ status }: Machine, guest: Guest | undefined, now: number): Failures | undefined {
  const known = knownFailures(status);
  if (!guest) return known;
  if (conditionOf(guest.status, 'Ready')?.status === 'True') return undefined;
  const { uid = '' } = guest.metadata;
  if (guest.status?.phase !== 'Failed' || uid === known?.lastUid) return known;
  const count = (known?.count ?? 0) + 1;
  return { count, lastUid: uid, retryAt: now + backoffDelay(CRASH_BACKOFF, count - 1) };
}

function knownFailures(status: Machine['status']): Failures | undefined {
  const { consecutiveFailCount: count = 0, lastFailedVMIUID: lastUid = '', retryAfterTimestamp = '' } = status?.startFailure ?? {};
  return count === 0 ? undefined : { count, lastUid, retryAt: Date.parse(retryAfterTimestamp) || 0 };
}

function stepOf({ machine, guest, requests }: MachineFacts): Step {
  const ranBefore = machine.status?.created === true || machine.status?.printableStatus === 'Stopped';
  return nextStep({ strategy: strategyOf(machine), guest, request: requests[0], sleeps: shouldSleep(machine, guest), ranBefore });
}

async function take({ client, events }: MachineTools, { machine, guest }: MachineFacts, step: Step): Promise<Guest | undefined> {
  const { name, namespace } = machine.metadata;
  if (step === 'delete') {
    await client.delete(guests, name, namespace);
    events.record(machine, {
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Stopped the virtual machine by deleting the virtual machine instance ${name}`,
    });
  }
  if (step !== 'create') return guest;
  const made = await client.create(guests, desiredGuest(machine)).catch((error: unknown) => {
    if (hasCode(error, 'AlreadyExists')) return undefined;
    throw error;
  });
  if (made)
    events.record(machine, {
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `Started the virtual machine by creating the new virtual machine instance ${name}`,
    });
  return made;
}

async function ensureDisks({ client, disks: made }: MachineTools, machine: Machine): Promise<void> {
  for (const disk of desiredDisks(machine)) {
    if (made.get(disk.metadata.name, machine.metadata.namespace)) continue;
    await client.create(disks, { ...disk, metadata: { ...disk.metadata } }).catch((error: unknown) => {
      if (!hasCode(error, 'AlreadyExists')) throw error;
    });
  }
}

async function report({ client }: MachineTools, facts: MachineFacts): Promise<void> {
  const { machine } = facts;
  const status = observeMachine(facts);
  if (sameJson(status, machine.status ?? {})) return;
  const { name, namespace, resourceVersion } = machine.metadata;
  // What is not said any more has to be taken away; a wish that came meanwhile must not be, so the revision is expected.
  const gone = Object.keys(machine.status ?? {}).filter((key) => !(key in status));
  const patch = { ...Object.fromEntries(gone.map((key) => [key, null])), ...status };
  await client.patch(machines, name, namespace, { metadata: { resourceVersion }, status: patch }, { subresource: 'status' });
}
