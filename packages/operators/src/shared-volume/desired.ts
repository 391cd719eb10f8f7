import { ANNOTATION, amount, compare, cutName, LABEL, type SharedVolume, sharedVolumeClaimName } from '@crownlabs/api';
import { type Kube, ownedBy, persistentVolumeClaims } from '@crownlabs/client';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import { type Piece, piece } from '../converge.ts';
import { managedBy } from '../manifests/labels.ts';
import { handoverJob } from '../volume-handover.ts';
import type { SharedVolumesConfig } from './config.ts';

type Claim = Kube<PersistentVolumeClaim>;

/** The bytes of a shared volume. It grows with the spec and never shrinks; whether it was handed over is on its label. */
export function sharedVolumeClaim(
  volume: SharedVolume,
  { storageClassName }: SharedVolumesConfig,
  { current, provisioned }: { readonly current: Claim | undefined; readonly provisioned: boolean },
): Piece {
  const { name, namespace = '' } = volume.metadata;
  const wanted = String(volume.spec.size);
  const has = requestedSize(current);
  const storage = has !== undefined && compare(amount(has), amount(wanted)) >= 0 ? has : wanted;
  const chosen = current?.spec?.storageClassName ?? storageClassName;
  return piece(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: sharedVolumeClaimName(name),
      namespace,
      labels: managedBy('sharedvolume', {
        [LABEL.volumeType]: 'sharedvolume',
        [LABEL.volumeProvisioning]: provisioned ? 'completed' : 'pending',
      }),
      annotations: { [ANNOTATION.requiredTargetLabels]: `${LABEL.type}=tenant` },
      ownerReferences: [ownedBy(volume)],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage } },
      ...(chosen === undefined ? {} : { storageClassName: chosen }),
    },
  });
}

/** What a claim asks for; nothing while there is none. */
export function requestedSize(claim: Claim | undefined): string | undefined {
  return claim?.spec?.resources?.requests?.['storage'];
}

/** Whether the spec asks for less than there is. */
export function shrinks({ spec }: SharedVolume, claim: Claim | undefined): boolean {
  const has = requestedSize(claim);
  return has !== undefined && compare(amount(spec.size), amount(has)) < 0;
}

/** The name of the Job that hands a shared volume over. */
export function provisioningJobName(volume: SharedVolume): string {
  return cutName(`${sharedVolumeClaimName(volume.metadata.name)}-provision`);
}

/** Hands a new volume to the user that environments run as. */
export function provisioningJob(volume: SharedVolume, claim: Claim, { provisionerImage }: SharedVolumesConfig): Piece {
  const labels = managedBy('sharedvolume', { [LABEL.volumeType]: 'sharedvolume' });
  return handoverJob(claim, { name: provisioningJobName(volume), labels, owner: ownedBy(volume), image: provisionerImage });
}
