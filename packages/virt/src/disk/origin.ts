import { cutName } from '@crownlabs/api';
import { type Kube, type KubeClient, ownedBy, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { hasCode } from '@crownlabs/std';
import type { PersistentVolume, PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import { DISK_FILE } from '../guest/places.ts';
import { type Disk, snapshots } from '../kinds/kinds.ts';
import { snapshotFile } from '../snapshot/file.ts';
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
  const source = await sourceOf(client, disk);
  if (!source || 'waitsFor' in source) return source;
  const { namespace, name, file } = source;
  const found = await client.find(persistentVolumeClaims, name, namespace);
  const where = namespace === disk.metadata.namespace ? name : `${namespace}/${name}`;
  if (!found) return { waitsFor: `The volume ${where} is not there.` };
  if (found.status?.phase !== 'Bound') return { waitsFor: `The volume ${where} is not there yet: it is bound to no storage.` };
  const base = baseOf(found);
  if (namespace === disk.metadata.namespace) return { volume: { claim: name, file, base } };
  const shown = await show(client, disk, found);
  if (shown.status?.phase !== 'Bound') return { waitsFor: `The volume ${where} is made readable.` };
  return { volume: { claim: shown.metadata.name, file, base } };
}

/** A file of a claim. */
interface SourceFile {
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
}

async function sourceOf(client: KubeClient, { spec: { source } }: Disk): Promise<SourceFile | { waitsFor: string } | undefined> {
  if (source.pvc) return { ...source.pvc, file: DISK_FILE };
  if (!source.snapshot) return undefined;
  const { namespace, name } = source.snapshot;
  const found = await client.find(snapshots, name, namespace);
  if (!found) return { waitsFor: `The snapshot ${name} is not there.` };
  if (found.status?.readyToUse !== true) return { waitsFor: `The snapshot ${name} is being made.` };
  return { namespace, name: found.spec.source.persistentVolumeClaimName, file: snapshotFile(found) };
}

/** Takes away how a volume of another namespace was shown. Nothing of its bytes goes with it. */
export async function forgetOrigin(client: KubeClient, disk: Disk): Promise<void> {
  const { namespace, uid } = disk.metadata;
  const { pvc, snapshot } = disk.spec.source;
  const from = pvc ?? snapshot;
  if (!from || from.namespace === namespace) return;
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
