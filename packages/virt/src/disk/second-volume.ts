import { type Kube, type KubeClient, type KubeObject, ownedBy, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';

type Claim = Kube<PersistentVolumeClaim>;
type Volume = Kube<PersistentVolume>;

/** What a second volume over somebody's bytes asks for: it takes no room of its own. */
const NO_ROOM = '1';

/** How the bytes of a claim are shown in another namespace. */
export interface Showing {
  /** Who sees them; the claim goes with it. */
  readonly owner: KubeObject;
  /** The claim in the owner's namespace. */
  readonly name: string;
  /** The volume behind it. */
  readonly volume: string;
}

/** Shows the bytes of a claim in the namespace of who may read them, by a second, read-only volume. The claim may not be bound yet. */
export async function showVolume(client: KubeClient, origin: Claim, { owner, name, volume }: Showing): Promise<Claim> {
  const { namespace = '' } = owner.metadata;
  const found = await client.find(persistentVolumeClaims, name, namespace);
  if (found) return found;
  const bytes = await client.get(persistentVolumes, origin.spec?.volumeName ?? '');
  await made(client.create(persistentVolumes, secondVolume(bytes, { name: volume, claim: { namespace, name } })));
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace, ownerReferences: [ownedBy(owner)] },
    spec: { accessModes: ['ReadOnlyMany'], resources: { requests: { storage: NO_ROOM } }, storageClassName: '', volumeName: volume },
  };
  return (await made(client.create(persistentVolumeClaims, claim))) ?? client.get(persistentVolumeClaims, name, namespace);
}

/** Takes away how a volume was shown. Nothing of its bytes goes with it. */
export async function hideVolume(client: KubeClient, { owner, name, volume }: Showing): Promise<void> {
  const gone = (error: unknown) => {
    if (!hasCode(error, 'NotFound')) throw error;
  };
  await client.delete(persistentVolumeClaims, name, owner.metadata.namespace).catch(gone);
  await client.delete(persistentVolumes, volume, undefined).catch(gone);
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
