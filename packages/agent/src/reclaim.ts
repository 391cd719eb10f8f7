import { join } from 'node:path';
import { type Informer, type Kube, type KubeClient, persistentVolumes } from '@crownlabs/client';
import { hasCode, type Logger, messageOf } from '@crownlabs/std';
import type { PersistentVolume } from 'kubernetes-types/core/v1.js';
import { removeTree } from './volumes/directories.ts';
import { LOCAL_DRIVER, type Places, volumeDirectory } from './volumes/pod-volumes.ts';

type Volume = Kube<PersistentVolume>;

/** What reclaiming needs. */
export interface ReclaimOptions {
  readonly client: KubeClient;
  readonly volumes: Informer<Volume>;
  readonly places: Places;
  readonly log: Logger;
}

/**
 * Takes a volume's directory away with the volume. A volume that its claim has left and that is to be deleted is deleted; the directory goes when
 * no other volume (a mirror in another namespace) names it. Returns the way to stop.
 */
export function reclaimVolumes(options: ReclaimOptions): () => void {
  const { client, volumes, log } = options;
  const failed = (what: string) => (error: unknown) => log.error(what, { error: messageOf(error) });
  return volumes.onChange((now, before) => {
    const volume = now ?? before;
    if (!volume || volume.spec?.csi?.driver !== LOCAL_DRIVER || !isOwned(volume)) return;
    if (!now) removeDirectory(options, volume).catch(failed('The directory of a volume was not removed'));
    else if (isLeft(now)) deleteVolume(client, now).catch(failed('A volume that nobody claims was not deleted'));
  });
}

/** Only who says Delete owns the data: mirrors say Retain. */
function isOwned({ spec }: Volume): boolean {
  return spec?.persistentVolumeReclaimPolicy === 'Delete';
}

function isLeft({ status, metadata }: Volume): boolean {
  return status?.phase === 'Released' && metadata.deletionTimestamp === undefined;
}

async function deleteVolume(client: KubeClient, { metadata }: Volume): Promise<void> {
  try {
    await client.delete(persistentVolumes, metadata.name, undefined, metadata.uid === undefined ? {} : { uid: metadata.uid });
  } catch (error) {
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
}

async function removeDirectory({ volumes, places, log }: ReclaimOptions, { metadata, spec }: Volume): Promise<void> {
  const handle = spec?.csi?.volumeHandle ?? '';
  const shared = volumes
    .list()
    .some((other) => other.metadata.name !== metadata.name && other.spec?.csi?.volumeHandle === handle && isOwned(other));
  if (handle === '' || shared) return;
  await removeTree(volumeDirectory(places, handle), join(places.data, 'trash'));
  log.info('Removed the directory of a volume', { volume: metadata.name });
}
