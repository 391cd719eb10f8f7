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
import { type Clock, hasCode } from '@crownlabs/std';
import type { PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js';
import { sameStatus } from '../conditions.ts';
import { type Disk, disks } from '../kinds/kinds.ts';
import { diskClaim, importerName, importerPod, PROGRESS_FILE, refusalOf } from './desired.ts';
import { type DiskFacts, observeDisk } from './status.ts';

/** What the controller of disks works with. */
export interface DiskTools {
  readonly client: KubeClient;
  readonly disks: Informer<Disk>;
  readonly claims: Informer<Kube<PersistentVolumeClaim>>;
  readonly pods: Informer<Kube<Pod>>;
  /** The image that carries the importer. */
  readonly image: string;
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
    if (disk.status?.phase === 'Succeeded') return tidy(tools, disk);
    const refusal = refusalOf(disk);
    const claim = refusal === undefined ? await ensureClaim(tools, disk) : undefined;
    const pod = claim?.status?.phase === 'Bound' ? await ensureImporter(tools, disk) : undefined;
    const percent = await percentOf(tools, pod);
    await report(tools, { disk, claim, pod, refusal, percent, now: tools.clock.now() });
    return looksAgain(pod);
  };
}

/** How far an import is comes from the importer alone, which nothing tells us of. */
function looksAgain(pod: Kube<Pod> | undefined): Requeue {
  return pod?.status?.phase === 'Running' ? { afterMs: LOOK_MS } : undefined;
}

async function ensureClaim({ client, claims }: DiskTools, disk: Disk): Promise<Kube<PersistentVolumeClaim> | undefined> {
  const { name, namespace } = disk.metadata;
  const found = claims.get(name, namespace);
  if (found) return found;
  return client.create(persistentVolumeClaims, diskClaim(disk)).catch((error: unknown) => {
    if (hasCode(error, 'AlreadyExists')) return undefined;
    throw error;
  });
}

async function ensureImporter({ client, pods: known, image }: DiskTools, disk: Disk): Promise<Kube<Pod> | undefined> {
  const found = known.get(importerName(disk), disk.metadata.namespace);
  if (found) return found;
  return client.create(pods, importerPod(disk, image)).catch((error: unknown) => {
    if (hasCode(error, 'AlreadyExists')) return undefined;
    throw error;
  });
}

async function percentOf({ read }: DiskTools, pod: Kube<Pod> | undefined): Promise<string | undefined> {
  if (pod?.status?.phase !== 'Running') return undefined;
  const text = await read({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }, 'importer', PROGRESS_FILE).catch(() => '');
  return /^\d{1,3}$/.exec(text.trim())?.[0];
}

async function report({ client, events }: DiskTools, facts: DiskFacts): Promise<void> {
  const { disk } = facts;
  const status = observeDisk(facts);
  if (sameStatus(status, disk.status)) return;
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
  if (pod && pod.metadata.deletionTimestamp === undefined) await client.delete(pods, pod.metadata.name, disk.metadata.namespace);
  return undefined;
}
