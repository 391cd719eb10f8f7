import { compareQuantities, quantityOf } from '@crownlabs/apiserver';
import { type KubeClient, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { ZERO } from '../amounts.ts';
import { patchStatus } from '../status-patch.ts';
import { storageText } from './match.ts';
import { type Claim, LOCAL_PROVISIONER, type Volume } from './provisioner.ts';

/** A directory has no size of its own: when a bound claim asks for more, saying so is all that growing takes. */
export async function grow(client: KubeClient, claim: Claim, volume: Volume): Promise<void> {
  const storage = storageText(claim.spec?.resources?.requests);
  if (volume.spec?.csi?.driver !== LOCAL_PROVISIONER || !isMore(storage, claim.status?.capacity)) return;
  // A volume that is made for this claim alone; what another one mirrors keeps the size that it says.
  if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return;
  if (isMore(storage, volume.spec.capacity)) {
    const metadata = { resourceVersion: volume.metadata.resourceVersion };
    await client.patch(persistentVolumes, volume.metadata.name, undefined, { metadata, spec: { capacity: { storage } } });
  }
  await patchStatus(client, persistentVolumeClaims, claim, { ...claim.status, capacity: { ...claim.status?.capacity, storage } });
}

function isMore(storage: string, than: object | undefined): boolean {
  return compareQuantities(quantityOf(storage) ?? ZERO, quantityOf(storageText(than)) ?? ZERO) > 0;
}
