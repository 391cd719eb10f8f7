import { type Informer, type Kube, type KubeClient, keyOf, persistentVolumeClaims } from '@crownlabs/client';
import type { Reconcile } from '@crownlabs/controller';
import { LabError, messageOf } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { baseOf } from '../disk/desired.ts';
import { copyLiveDisk } from '../guest/copy-disk.ts';
import { claimOf, disksOf, volumeOf } from '../guest/drives.ts';
import { PLACES } from '../guest/places.ts';
import { runningPod } from '../guest/reconcile.ts';
import type { SleepTools } from '../guest/sleep.ts';
import { type Guest, type Snapshot, snapshots } from '../kinds/kinds.ts';
import { snapshotFile } from './file.ts';

/** What the controller of snapshots works with. */
export interface SnapshotTools extends SleepTools {
  readonly client: KubeClient;
  readonly snapshots: Informer<Snapshot>;
  readonly guests: Informer<Guest>;
  readonly pods: Informer<Kube<Pod>>;
}

const FINALIZER = 'snapshot.storage.kubernetes.io/volumesnapshot-bound-protection';

/** Copies disks as they are at one moment while machines use them. A copy stands beside its disk, until it is copied to where it is wanted. */
export function snapshotReconciler(tools: SnapshotTools): Reconcile {
  return async ({ name, namespace = '' }) => {
    const snapshot = tools.snapshots.get(name, namespace);
    if (!snapshot) return undefined;
    if (snapshot.metadata.deletionTimestamp !== undefined) return end(tools, snapshot);
    if (snapshot.status?.readyToUse === true || snapshot.status?.error) return undefined;
    const guarded = await guard(tools, snapshot);
    const time = new Date(tools.clock.now()).toISOString();
    const status = await copy(tools, guarded).then(
      () => ({ readyToUse: true, creationTime: time }),
      (error: unknown) => ({ readyToUse: false, error: { message: messageOf(error), time } }),
    );
    await tools.client.patch(snapshots, name, namespace, { status }, { subresource: 'status' });
    return undefined;
  };
}

async function guard({ client }: SnapshotTools, snapshot: Snapshot): Promise<Snapshot> {
  const { name, namespace, finalizers = [], resourceVersion } = snapshot.metadata;
  if (finalizers.includes(FINALIZER)) return snapshot;
  return client.patch(snapshots, name, namespace, { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER] } });
}

/** The disk of a claim, as a running machine has it. */
interface UsedDisk {
  readonly guest: Guest;
  readonly index: number;
  readonly volume: string;
}

function userOf({ guests }: SnapshotTools, { metadata, spec }: Snapshot): UsedDisk | undefined {
  const claim = spec.source.persistentVolumeClaimName;
  for (const guest of guests.list()) {
    if (guest.metadata.namespace !== metadata.namespace || guest.status?.phase !== 'Running') continue;
    const disks = disksOf(guest.spec);
    const index = disks.findIndex(({ name }) => claimOf(volumeOf(guest.spec, name)) === claim);
    const volume = disks[index]?.name;
    if (volume !== undefined) return { guest, index, volume };
  }
  return undefined;
}

async function copy(tools: SnapshotTools, snapshot: Snapshot): Promise<void> {
  const { namespace = '' } = snapshot.metadata;
  const claim = snapshot.spec.source.persistentVolumeClaimName;
  const used = userOf(tools, snapshot);
  if (!used) throw new LabError('Conflict', `No running machine uses ${claim}: its disk can be copied as it is.`);
  const { metadata } = used.guest;
  const pod = keyOf(runningPod(tools, metadata.name, namespace));
  const found = await tools.client.get(persistentVolumeClaims, claim, namespace);
  const file = `${PLACES.claims}/${used.volume}/${snapshotFile(snapshot)}`;
  await copyLiveDisk(tools, { pod, index: used.index, file, leans: baseOf(found) !== undefined });
}

/** The copy goes with its snapshot; where nothing runs that could take it away, the next start of the machine does. */
async function end(tools: SnapshotTools, snapshot: Snapshot): Promise<undefined> {
  const { name, namespace = '', finalizers = [], resourceVersion } = snapshot.metadata;
  if (!finalizers.includes(FINALIZER)) return undefined;
  const used = userOf(tools, snapshot);
  if (used) {
    const file = `${PLACES.claims}/${used.volume}/${snapshotFile(snapshot)}`;
    const remove = async () =>
      tools.shell.run(keyOf(runningPod(tools, used.guest.metadata.name, namespace)), 'compute', ['rm', '-f', file], tools.signal);
    await remove().catch(() => undefined);
  }
  const rest = finalizers.filter((it) => it !== FINALIZER);
  await tools.client.patch(snapshots, name, namespace, { metadata: { resourceVersion, finalizers: rest } });
  return undefined;
}
