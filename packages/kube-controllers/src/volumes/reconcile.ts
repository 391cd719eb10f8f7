import { type KubeClient, keyOf, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { type Controller, controller, type Reconcile, watched } from '@crownlabs/controller';
import { hasCode } from '@crownlabs/std';
import { BY, type Cluster } from '../cluster.ts';
import { isFinished } from '../pod-state.ts';
import { SELECTED_NODE } from '../scheduler/volumes.ts';
import { patchStatus } from '../status-patch.ts';
import { grow } from './grow.ts';
import { findVolume, isFor, storageText } from './match.ts';
import { type Claim, desiredVolume, LOCAL_PROVISIONER, type Volume } from './provisioner.ts';

const BOUND = 'pv.kubernetes.io/bind-completed';
const BOUND_BY_US = 'pv.kubernetes.io/bound-by-controller';
const PROVISIONER = 'volume.kubernetes.io/storage-provisioner';
const CLAIM_IN_USE = 'kubernetes.io/pvc-protection';
const VOLUME_IN_USE = 'kubernetes.io/pv-protection';
const WORKERS = 16;

/** Binds claims to volumes, makes volumes for claims of the local classes, and keeps both while pods use them. */
export function claimController(cluster: Cluster): Controller {
  const { live, log, clock } = cluster;
  const claimOf = ({ spec }: Volume) =>
    spec?.claimRef?.name
      ? [{ name: spec.claimRef.name, ...(spec.claimRef.namespace && { namespace: spec.claimRef.namespace }) }]
      : live.claims.list().filter(isPending).map(keyOf);
  const ofClass = ({ metadata }: { metadata: { name: string } }) =>
    live.claims
      .list()
      .filter((claim) => isPending(claim) && claim.spec?.storageClassName === metadata.name)
      .map(keyOf);
  return controller({
    name: 'claim',
    reconcile: reconcileClaim(cluster),
    sources: [
      watched(live.claims),
      watched(live.volumes, { keys: claimOf }),
      watched(live.storageClasses, { keys: ofClass }),
      // The end of a pod may let go of a claim that is being deleted.
      watched(live.pods, {
        when: (now) => !now || isFinished(now),
        keys: (pod) =>
          live.claims
            .byIndex(BY.namespace, pod.metadata.namespace ?? '')
            .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
            .map(keyOf),
      }),
    ],
    workers: WORKERS,
    log,
    clock,
  });
}

function isPending({ status }: Claim): boolean {
  return status?.phase !== 'Bound';
}

function reconcileClaim(cluster: Cluster): Reconcile {
  const { live, client } = cluster;
  return async ({ name, namespace }) => {
    const claim = live.claims.get(name, namespace);
    if (!claim) return undefined;
    if (claim.metadata.deletionTimestamp !== undefined) {
      await release(cluster, claim);
      return undefined;
    }
    const volumeName = claim.spec?.volumeName;
    if (volumeName && !isPending(claim)) {
      const bound = live.volumes.get(volumeName);
      if (bound) await grow(client, claim, bound);
      else if (live.volumes.hasSynced) await patchStatus(client, persistentVolumeClaims, claim, { ...claim.status, phase: 'Lost' });
      return undefined;
    }
    const volume =
      findVolume(claim, volumeName ? [...live.volumes.list()] : candidates(cluster, claim)) ?? (await provision(cluster, claim));
    if (volume) await bind(cluster, claim, volume);
    return undefined;
  };
}

/** A class that waits for its first consumer takes no volume before a node was chosen. */
function candidates({ live }: Cluster, claim: Claim): readonly Volume[] {
  const { volumeBindingMode } = live.storageClasses.get(claim.spec?.storageClassName ?? '') ?? {};
  const chosen = claim.metadata.annotations?.[SELECTED_NODE] !== undefined;
  if (volumeBindingMode !== 'WaitForFirstConsumer' || chosen) return live.volumes.list();
  return live.volumes.byIndex(BY.claim, `${claim.metadata.namespace}/${claim.metadata.name}`);
}

async function provision(cluster: Cluster, claim: Claim): Promise<Volume | undefined> {
  const storageClass = cluster.live.storageClasses.get(claim.spec?.storageClassName ?? '');
  if (storageClass?.provisioner !== LOCAL_PROVISIONER || claim.spec?.volumeName) return undefined;
  const { [SELECTED_NODE]: node } = claim.metadata.annotations ?? {};
  if (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && node === undefined) {
    const message = 'waiting for first consumer to be created before binding';
    cluster.events.record(claim, { type: 'Normal', reason: 'WaitForFirstConsumer', message });
    return undefined;
  }
  return createVolume(cluster, desiredVolume(claim, storageClass, { node, storage: storageText(claim.spec?.resources?.requests) }));
}

async function createVolume({ client }: Cluster, wanted: Omit<Volume, 'status'>): Promise<Volume> {
  try {
    return await client.create(persistentVolumes, { ...wanted, metadata: { ...wanted.metadata } });
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    return client.get(persistentVolumes, wanted.metadata.name);
  }
}

/** Both sides name each other before either says Bound, so that no third can come between. */
async function bind({ client }: Cluster, claim: Claim, volume: Volume): Promise<void> {
  const { name, namespace, uid } = claim.metadata;
  const { spec = {}, metadata } = volume;
  if (!isFor(volume, claim) || spec.claimRef?.uid === undefined) {
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid };
    const patch = { metadata: { resourceVersion: metadata.resourceVersion, annotations: { [BOUND_BY_US]: 'yes' } }, spec: { claimRef } };
    await client.patch(persistentVolumes, metadata.name, undefined, patch);
  }
  await nameVolume(client, claim, volume);
  const status = { phase: 'Bound', accessModes: spec.accessModes ?? [], capacity: spec.capacity ?? {} };
  await Promise.all([
    patchStatus(client, persistentVolumeClaims, claim, { ...claim.status, ...status }),
    patchStatus(client, persistentVolumes, volume, { ...volume.status, phase: 'Bound' }),
  ]);
}

async function nameVolume(client: KubeClient, { spec, metadata }: Claim, volume: Volume): Promise<void> {
  const volumeName = volume.metadata.name;
  if (spec?.volumeName === volumeName && metadata.annotations?.[BOUND] !== undefined) return;
  const driver = volume.spec?.csi?.driver;
  const annotations = { [BOUND]: 'yes', [BOUND_BY_US]: 'yes', ...(driver !== undefined && { [PROVISIONER]: driver }) };
  await client.patch(persistentVolumeClaims, metadata.name, metadata.namespace, { metadata: { annotations }, spec: { volumeName } });
}

/** A claim that is being deleted goes when no pod uses it any more. */
async function release({ client, live }: Cluster, claim: Claim): Promise<void> {
  const { name, namespace, finalizers = [] } = claim.metadata;
  if (!finalizers.includes(CLAIM_IN_USE)) return;
  const users = live.pods.byIndex(BY.claim, `${namespace}/${name}`).filter((pod) => !isFinished(pod));
  if (users.length > 0) return;
  const rest = finalizers.filter((finalizer) => finalizer !== CLAIM_IN_USE);
  const metadata = { finalizers: rest, resourceVersion: claim.metadata.resourceVersion };
  await ignoreGone(client.patch(persistentVolumeClaims, name, namespace, { metadata }));
}

/** Tells what became of volumes, and keeps them while they are bound. */
export function volumeController(cluster: Cluster): Controller {
  const { live, log, clock } = cluster;
  return controller({
    name: 'volume',
    reconcile: reconcileVolume(cluster),
    sources: [
      watched(live.volumes),
      watched(live.claims, { when: (now) => !now, keys: ({ spec }) => (spec?.volumeName ? [{ name: spec.volumeName }] : []) }),
    ],
    log,
    clock,
  });
}

function reconcileVolume({ client, live }: Cluster): Reconcile {
  return async ({ name }) => {
    const volume = live.volumes.get(name);
    if (!volume) return undefined;
    const { deletionTimestamp, finalizers = [], resourceVersion } = volume.metadata;
    const phase = phaseOf(volume, live);
    if (deletionTimestamp !== undefined && finalizers.includes(VOLUME_IN_USE) && phase !== 'Bound') {
      const rest = finalizers.filter((finalizer) => finalizer !== VOLUME_IN_USE);
      await ignoreGone(client.patch(persistentVolumes, name, undefined, { metadata: { finalizers: rest, resourceVersion } }));
      return undefined;
    }
    if (volume.status?.phase !== phase) await patchStatus(client, persistentVolumes, volume, { ...volume.status, phase });
    return undefined;
  };
}

function phaseOf({ spec, status }: Volume, live: Cluster['live']): string {
  const reference = spec?.claimRef;
  if (!reference) return 'Available';
  const claim = live.claims.get(reference.name ?? '', reference.namespace);
  if (claim && (reference.uid === undefined || reference.uid === claim.metadata.uid))
    return status?.phase === 'Bound' ? 'Bound' : 'Available';
  // Reserved for a claim that is still to come, or left behind by one that was there.
  return reference.uid === undefined ? 'Available' : 'Released';
}

async function ignoreGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}
