import {
  type EventRecorder,
  type Informer,
  type Kube,
  type KubeClient,
  keyOf,
  keyText,
  persistentVolumeClaims,
  pods,
} from '@crownlabs/client';
import type { Reconcile } from '@crownlabs/controller';
import { type Clock, hasCode, LabError, sameJson } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { conditionOf } from '../conditions.ts';
import { baseOf } from '../disk/desired.ts';
import { dropPrepared, findPrepared, forgetPrepared } from '../instant/prepared-memory.ts';
import { type Disk, type Guest, guests, type Machine } from '../kinds/kinds.ts';
import { type LauncherConfig, launcherName, launcherPod } from './desired.ts';
import { claimOf } from './drives.ts';
import type { Listener } from './listen.ts';
import { INSTANT_START, isFinal, observeGuest, RESTORED } from './status.ts';

/** What the controller of guests works with. */
export interface GuestTools {
  readonly client: KubeClient;
  readonly guests: Informer<Guest>;
  readonly disks: Informer<Disk>;
  readonly machines: Informer<Machine>;
  readonly pods: Informer<Kube<Pod>>;
  readonly config: LauncherConfig;
  readonly listener: Pick<Listener, 'heard' | 'cameUp'>;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** Held while the emulator of a deleted guest shuts down, as KubeVirt does. */
const FINALIZER = 'foregroundDeleteVirtualMachine';

/** Runs every guest in a pod of its own, and says how it is. */
export function guestReconciler(tools: GuestTools): Reconcile {
  return async ({ name, namespace = '' }) => {
    const guest = tools.guests.get(name, namespace);
    if (!guest) return undefined;
    if (guest.metadata.deletionTimestamp !== undefined) return end(tools, guest);
    const found = await realise(tools, await guard(tools, guest));
    await report(tools, guest, found);
    // Nobody says when a quota has room again.
    return found.refused === undefined ? undefined : { afterMs: REFUSED_AGAIN_MS };
  };
}

async function guard({ client }: GuestTools, guest: Guest): Promise<Guest> {
  const { name, namespace, finalizers = [], resourceVersion } = guest.metadata;
  if (finalizers.includes(FINALIZER)) return guest;
  return client.patch(guests, name, namespace, { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER] } });
}

const REFUSED_AGAIN_MS = 15_000;

/** What there is of a guest, or why there is nothing. */
type Realised = { readonly pod?: Kube<Pod>; readonly waitsFor?: string; readonly refused?: string };

async function realise(tools: GuestTools, guest: Guest): Promise<Realised> {
  const found = podOf(tools, guest);
  if (found) return { pod: found };
  // A guest whose pod is gone has failed; only its owner makes another.
  if (!['', 'Pending', undefined].includes(guest.status?.phase)) return {};
  const ready = await disksOf(tools, guest);
  if ('waitsFor' in ready) return ready;
  const start = await findPrepared(tools, guest);
  if (start && 'waitsFor' in start) return start;
  try {
    return { pod: await tools.client.create(pods, launcherPod(guest, tools.config, { bases: ready.bases, start })) };
  } catch (error) {
    if (hasCode(error, 'AlreadyExists')) return {};
    if (!hasCode(error, 'Forbidden', 'Invalid')) throw error;
    tools.events.record(guest, { type: 'Warning', reason: 'FailedCreate', message: error.message });
    return { refused: error.message };
  }
}

function podOf(tools: GuestTools, guest: Guest): Kube<Pod> | undefined {
  const pod = tools.pods.get(launcherName(guest), guest.metadata.namespace);
  const mine = pod?.metadata.ownerReferences?.some(({ uid }) => uid === guest.metadata.uid) === true;
  return mine ? pod : undefined;
}

/** What the disks of a machine lean on, by claims; or what has to be there before it can boot, in words. */
async function disksOf(
  { client, disks }: GuestTools,
  { metadata: { namespace }, spec }: Guest,
): Promise<{ bases: ReadonlyMap<string, string> } | { waitsFor: string }> {
  const bases = new Map<string, string>();
  for (const volume of spec.volumes ?? []) {
    const name = volume.dataVolume?.name;
    const unmade = name === undefined ? undefined : unmadeDisk(name, disks.get(name, namespace));
    if (unmade !== undefined) return { waitsFor: unmade };
    const claim = claimOf(volume);
    const found = claim === undefined ? undefined : await client.find(persistentVolumeClaims, claim, namespace);
    if (claim !== undefined && !found) return { waitsFor: `The volume ${claim} is not there.` };
    const base = found && baseOf(found);
    if (found && base !== undefined) bases.set(found.metadata.name, base);
  }
  return { bases };
}

function unmadeDisk(name: string, disk: Disk | undefined): string | undefined {
  if (!disk) return `The disk ${name} is not there.`;
  const { phase, progress } = disk.status ?? {};
  if (phase === 'Succeeded') return undefined;
  return `The disk ${name} is being made${progress === undefined ? '' : ` (${progress})`}.`;
}

async function report(tools: GuestTools, guest: Guest, { pod, waitsFor, refused }: Realised): Promise<void> {
  const { client, clock, config, events, listener } = tools;
  const heard = listener.heard(pod);
  const status = observeGuest({ guest, pod, waitsFor, refused, heard, acceleration: config.acceleration, now: clock.now() });
  if (pod && conditionOf(status, 'Ready')?.status === 'True') listener.cameUp(pod);
  if (sameJson(status, guest.status ?? {})) return;
  const { name, namespace } = guest.metadata;
  if (status.phase !== guest.status?.phase) announce(events, guest, status);
  if (heard?.start !== undefined && heard.start !== RESTORED && !conditionOf(guest.status, INSTANT_START)) await dropPrepared(tools, guest);
  await client.patch(guests, name, namespace, { status }, { subresource: 'status' });
}

function announce(events: EventRecorder, guest: Guest, { phase, conditions }: NonNullable<Guest['status']>): void {
  const message = conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  if (phase === 'Running') events.record(guest, { type: 'Normal', reason: 'Started', message: 'VirtualMachineInstance started.' });
  if (phase === 'Succeeded') events.record(guest, { type: 'Normal', reason: 'ShuttingDown', message });
  if (phase === 'Failed') events.record(guest, { type: 'Warning', reason: 'Stopped', message });
}

/** The machine is asked to shut down, and its guest goes when it has. */
async function end(tools: GuestTools, guest: Guest): Promise<undefined> {
  const { client } = tools;
  const { name, namespace, finalizers = [], resourceVersion } = guest.metadata;
  const pod = podOf(tools, guest);
  if (pod && !isFinal(pod.status?.phase)) {
    if (pod.metadata.deletionTimestamp === undefined) await client.delete(pods, pod.metadata.name, namespace);
    return undefined;
  }
  if (pod && pod.metadata.deletionTimestamp === undefined) await client.delete(pods, pod.metadata.name, namespace);
  await forgetPrepared(tools, guest);
  const rest = finalizers.filter((it) => it !== FINALIZER);
  if (rest.length < finalizers.length) await client.patch(guests, name, namespace, { metadata: { resourceVersion, finalizers: rest } });
  return undefined;
}

/** The running pod of a guest; NotFound and Conflict say what is wrong. */
export function runningPod(tools: Pick<GuestTools, 'guests' | 'pods'>, name: string, namespace: string): Kube<Pod> {
  const guest = tools.guests.get(name, namespace);
  if (!guest) throw new LabError('NotFound', `virtualmachineinstances.kubevirt.io "${name}" not found`);
  const pod = tools.pods.get(launcherName(guest), namespace);
  if (pod?.status?.phase !== 'Running')
    throw new LabError('Conflict', `Unable to connect to VirtualMachineInstance ${keyText(keyOf(guest))}: it is not running.`);
  return pod;
}
