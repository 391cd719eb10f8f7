import { ANNOTATION } from '@crownlabs/api';
import {
  type EventRecorder,
  type Informer,
  type Kube,
  type KubeClient,
  type ObjectKey,
  persistentVolumeClaims,
  pods,
} from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { type Clock, hasCode, LabError, sameJson } from '@crownlabs/std';
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js';
import { type Disk, disks } from '../kinds/kinds.ts';
import { BASE_VOLUME, baseOf, diskClaim, importerName, importerPod, PROGRESS_FILE } from './desired.ts';
import { findOrigin, findSize, forgetOrigin } from './origin.ts';
import { type DiskProgress, parseProgress } from './progress.ts';
import { type DiskFacts, observeDisk } from './status.ts';

/** What the controller of disks works with. */
export interface DiskTools {
  readonly client: KubeClient;
  readonly disks: Informer<Disk>;
  readonly claims: Informer<Kube<PersistentVolumeClaim>>;
  readonly pods: Informer<Kube<Pod>>;
  /** The image that carries the importer. */
  readonly image: string;
  /** Private networks that disk images may be fetched from. */
  readonly networks: readonly string[];
  /** Reads a file of a running pod. */
  readonly read: (pod: ObjectKey, container: string, path: string) => Promise<string>;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

const LOOK_MS = 1_000;

/** Fills every disk from its source, and says how far it is. */
export function diskReconciler(tools: DiskTools): Reconcile {
  return async ({ name, namespace = '' }) => {
    const disk = tools.disks.get(name, namespace);
    if (!disk || disk.metadata.deletionTimestamp !== undefined) return undefined;
    return disk.status?.phase === 'Succeeded' ? tidy(tools, disk) : fill(tools, disk);
  };
}

async function fill(tools: DiskTools, disk: Disk): Promise<Requeue> {
  const { claim, ...unsized } = await ensureClaim(tools, disk);
  const { pod, waitsFor } = claim?.status?.phase === 'Bound' ? await ensureImporter(tools, disk, claim) : { pod: undefined, ...unsized };
  const progress = await progressOf(tools, pod);
  if (claim && pod) await noteBase(tools, claim, pod);
  await report(tools, { disk, claim, pod, waitsFor, progress, now: tools.clock.now() });
  return looksAgain(pod, waitsFor);
}

/** How far an import is comes from the importer alone, and volumes of others are none of ours to watch: nothing tells us of either. */
function looksAgain(pod: Kube<Pod> | undefined, waitsFor: string | undefined): Requeue {
  return pod?.status?.phase === 'Running' || waitsFor !== undefined ? { afterMs: LOOK_MS } : undefined;
}

interface MountStatus {
  readonly name: string;
  readonly volumeStatus?: { readonly image?: { readonly imageRef?: string } };
}

/** What a disk leans on is written beside it before anybody may start it. The node says which image it was: names move on. */
async function noteBase({ client }: DiskTools, claim: Kube<PersistentVolumeClaim>, pod: Kube<Pod>): Promise<void> {
  if (pod.status?.phase !== 'Succeeded' || !pod.spec?.volumes?.some(({ name }) => name === BASE_VOLUME)) return;
  const base = mountedBase(pod);
  if (base === undefined) throw new LabError('InternalError', `The node does not say which image ${pod.metadata.name} has mounted.`);
  if (baseOf(claim) === base) return;
  const { name, namespace } = claim.metadata;
  await client.patch(persistentVolumeClaims, name, namespace, { metadata: { annotations: { [ANNOTATION.diskBase]: base } } });
}

function mountedBase({ status }: Kube<Pod>): string | undefined {
  // The types that we use do not know all of it yet.
  const mounts: readonly MountStatus[] = status?.containerStatuses?.[0]?.volumeMounts ?? [];
  return mounts.find((it) => it.name === BASE_VOLUME)?.volumeStatus?.image?.imageRef;
}

/** The claim of a disk, or what it waits for. */
type Claimed = { readonly claim?: Kube<PersistentVolumeClaim> | undefined; readonly waitsFor?: string };

async function ensureClaim({ client, claims }: DiskTools, disk: Disk): Promise<Claimed> {
  const { name, namespace } = disk.metadata;
  const found = claims.get(name, namespace);
  if (found) return { claim: found };
  const sized = await findSize(client, disk);
  if ('waitsFor' in sized) return sized;
  try {
    return { claim: await client.create(persistentVolumeClaims, diskClaim(disk, sized.size)) };
  } catch (error) {
    if (hasCode(error, 'AlreadyExists')) return {};
    throw error;
  }
}

async function ensureImporter(
  tools: DiskTools,
  disk: Disk,
  claim: Kube<PersistentVolumeClaim>,
): Promise<{ pod?: Kube<Pod>; waitsFor?: string }> {
  const { client, pods: known, image, networks } = tools;
  const found = known.get(importerName(disk), disk.metadata.namespace);
  if (found) return { pod: found };
  const origin = await findOrigin(client, disk);
  if (origin && 'waitsFor' in origin) return origin;
  try {
    return { pod: await client.create(pods, importerPod(disk, { image, networks, claim, origin: origin?.volume })) };
  } catch (error) {
    if (hasCode(error, 'AlreadyExists')) return {};
    throw error;
  }
}

async function progressOf({ read }: DiskTools, pod: Kube<Pod> | undefined): Promise<DiskProgress | undefined> {
  if (pod?.status?.phase !== 'Running') return undefined;
  const text = await read({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }, 'importer', PROGRESS_FILE).catch(() => '');
  return parseProgress(text);
}

async function report({ client, events }: DiskTools, facts: DiskFacts): Promise<void> {
  const { disk } = facts;
  const status = observeDisk(facts);
  if (sameJson(status, disk.status ?? {})) return;
  const error = status.conditions?.find(({ type, reason }) => type === 'Running' && reason === 'Error')?.message;
  const before = disk.status?.conditions?.find(({ type, reason }) => type === 'Running' && reason === 'Error')?.message;
  if (error !== undefined && error !== before) events.record(disk, { type: 'Warning', reason: 'Error', message: error });
  if (status.phase === 'Succeeded')
    events.record(disk, { type: 'Normal', reason: 'ImportSucceeded', message: `Successfully imported into PVC ${status.claimName}` });
  const { name, namespace } = disk.metadata;
  await client.patch(disks, name, namespace, { status }, { subresource: 'status' });
}

/** The importer is of no use any more. */
async function tidy({ client, pods: known }: DiskTools, disk: Disk): Promise<undefined> {
  const pod = known.get(importerName(disk), disk.metadata.namespace);
  if (!pod || pod.metadata.deletionTimestamp !== undefined) return undefined;
  await client.delete(pods, pod.metadata.name, disk.metadata.namespace);
  await forgetOrigin(client, disk);
  return undefined;
}
