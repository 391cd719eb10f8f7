import { cutName } from '@crownlabs/api';
import { type Kube, type KubeClient, ownedBy, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { Disk } from '../kinds/kinds.ts';
import { baseOf, type OriginVolume } from './desired.ts';

type Claim = Kube<PersistentVolumeClaim>;
type Volume = Kube<PersistentVolume>;

/** The volume that a disk is a copy of, or what it waits for. */
export type Origin = { readonly volume: OriginVolume } | { readonly waitsFor: string };

/** What a second volume over somebody's bytes asks for: it takes no room of its own. */
const NO_ROOM = '1';

/**
 * Finds the volume that a disk is a copy of. A volume of another namespace is shown in the disk's for as long as the copy takes, to be read only.
 * Who may ask for that is settled before the disk is stored.
 */
export async function findOrigin(client: KubeClient, disk: Disk): Promise<Origin | undefined> {
  const { pvc } = disk.spec.source;
  if (!pvc) return undefined;
  const found = await client.find(persistentVolumeClaims, pvc.name, pvc.namespace);
  const where = pvc.namespace === disk.metadata.namespace ? pvc.name : `${pvc.namespace}/${pvc.name}`;
  if (!found) return { waitsFor: `The volume ${where} is not there.` };
  if (found.status?.phase !== 'Bound') return { waitsFor: `The volume ${where} is not there yet: it is bound to no storage.` };
  const base = baseOf(found);
  if (pvc.namespace === disk.metadata.namespace) return { volume: { claim: pvc.name, base } };
  const shown = await show(client, disk, found);
  return shown.status?.phase === 'Bound'
    ? { volume: { claim: shown.metadata.name, base } }
    : { waitsFor: `The volume ${where} is made readable.` };
}

/** Takes away how a volume of another namespace was shown. Nothing of its bytes goes with it. */
export async function forgetOrigin(client: KubeClient, disk: Disk): Promise<void> {
  const { namespace, uid } = disk.metadata;
  const { pvc } = disk.spec.source;
  if (!pvc || pvc.namespace === namespace) return;
  const gone = (error: unknown) => {
    if (!hasCode(error, 'NotFound')) throw error;
  };
  await client.delete(persistentVolumeClaims, shownName(disk), namespace).catch(gone);
  await client.delete(persistentVolumes, `clone-${uid}`, undefined).catch(gone);
}

function shownName({ metadata: { name, uid = '' } }: Disk): string {
  return cutName(`source-${name}-${uid.slice(0, 5)}`);
}

async function show(client: KubeClient, disk: Disk, origin: Claim): Promise<Claim> {
  const { namespace = '', uid } = disk.metadata;
  const name = shownName(disk);
  const found = await client.find(persistentVolumeClaims, name, namespace);
  if (found) return found;
  const bytes = await client.get(persistentVolumes, origin.spec?.volumeName ?? '');
  await made(client.create(persistentVolumes, secondVolume(bytes, { name: `clone-${uid}`, claim: { namespace, name } })));
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, ownerReferences: [ownedBy(disk)] },
    spec: {
      accessModes: ['ReadOnlyMany'],
      resources: { requests: { storage: NO_ROOM } },
      storageClassName: '',
      volumeName: `clone-${uid}`,
    },
  };
  return (await made(client.create(persistentVolumeClaims, claim))) ?? client.get(persistentVolumeClaims, name, namespace);
}

/** Another volume over the same bytes, for one claim and no other. */
function secondVolume({ spec }: Volume, { name, claim }: { name: string; claim: { namespace: string; name: string } }) {
  const { csi, nfs } = spec ?? {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      ...(csi ? { csi: { ...csi, readOnly: true } } : {}),
      ...(nfs ? { nfs: { ...nfs, readOnly: true } } : {}),
      capacity: { storage: NO_ROOM },
      accessModes: ['ReadOnlyMany'],
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
      volumeMode: spec?.volumeMode ?? 'Filesystem',
    },
  };
}

async function made<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    return undefined;
  }
}
