import { cutName } from '@crownlabs/api';
import { type KubeClient, persistentVolumeClaims } from '@crownlabs/client';
import { DISK_FILE } from '../guest/places.ts';
import { type Disk, snapshots } from '../kinds/kinds.ts';
import { snapshotFile } from '../snapshot/file.ts';
import { baseOf, type OriginVolume, sizeOf } from './desired.ts';
import { hideVolume, type Showing, showVolume } from './second-volume.ts';

/** The volume that a disk is a copy of, or what it waits for. */
export type Origin = { readonly volume: OriginVolume } | { readonly waitsFor: string };

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
  const shown = await showVolume(client, found, showing(disk));
  if (shown.status?.phase !== 'Bound') return { waitsFor: `The volume ${where} is made readable.` };
  return { volume: { claim: shown.metadata.name, file, base } };
}

const DEFAULT_SIZE = '10Gi';

/** How large a disk is: as was asked for, or as large as what it is a copy of. */
export async function findSize(client: KubeClient, disk: Disk): Promise<{ size: string } | { waitsFor: string }> {
  const asked = sizeOf(disk.spec.storage ?? disk.spec.pvc);
  const source = asked === undefined ? await sourceOf(client, disk) : undefined;
  if (!source) return { size: asked ?? DEFAULT_SIZE };
  if ('waitsFor' in source) return source;
  const found = await client.find(persistentVolumeClaims, source.name, source.namespace);
  return found ? { size: sizeOf(found.spec) ?? DEFAULT_SIZE } : { waitsFor: `The volume ${source.namespace}/${source.name} is not there.` };
}

/** A file of a claim. */
interface SourceFile {
  readonly namespace: string;
  readonly name: string;
  readonly file: string;
}

async function sourceOf(client: KubeClient, { spec: { source = {} } }: Disk): Promise<SourceFile | { waitsFor: string } | undefined> {
  if (source.pvc) return { ...source.pvc, file: DISK_FILE };
  if (!source.snapshot) return undefined;
  const { namespace, name } = source.snapshot;
  const found = await client.find(snapshots, name, namespace);
  if (!found) return { waitsFor: `The snapshot ${name} is not there.` };
  if (found.status?.readyToUse !== true) return { waitsFor: `The snapshot ${name} is being made.` };
  return { namespace, name: found.spec.source.persistentVolumeClaimName, file: snapshotFile(found) };
}

/** Takes away how a volume of another namespace was shown. */
export async function forgetOrigin(client: KubeClient, disk: Disk): Promise<void> {
  const { pvc, snapshot } = disk.spec.source ?? {};
  const from = pvc ?? snapshot;
  if (from && from.namespace !== disk.metadata.namespace) await hideVolume(client, showing(disk));
}

function showing(disk: Disk): Showing {
  const { name, uid = '' } = disk.metadata;
  return { owner: disk, name: cutName(`source-${name}-${uid.slice(0, 5)}`), volume: `clone-${uid}` };
}
