import { ANNOTATION, type Instance, LABEL, mirrorVolumeName, sharedMirrorName, sharedVolumeClaimName } from '@crownlabs/api';
import { type Kube, type ObjectKey, ownedBy, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from 'kubernetes-types/core/v1.js';
import { type Piece, piece } from '../converge.ts';
import { instanceChildLabels, labelValue } from '../instance/labels.ts';
import { managedBy } from '../manifests/labels.ts';

type Claim = Kube<PersistentVolumeClaim>;
type Volume = Kube<PersistentVolume>;

/** The class that mirrors have had since there was a provisioner for them. None need exist: their volume is made by name. */
export const MIRROR_CLASS = 'pvc-mirror';

/** Value of the managed-by label of mirrors' PersistentVolumes. */
export const MIRROR_MANAGER = 'pvc-mirror';

/** What mirrors ask for. They take no room of their own. */
const NO_ROOM = '1';

/**
 * The claim through which an instance sees a shared volume. It names its PersistentVolume, which the mirror controller makes once it has
 * checked that this instance may have it; nobody else can put a volume there.
 */
export function sharedMirrorClaim(instance: Instance, volume: { readonly name: string; readonly namespace: string }): Piece {
  const namespace = instance.metadata.namespace ?? '';
  const name = sharedMirrorName(volume.name, instance.metadata.name);
  const origin = sharedVolumeClaimName(volume.name);
  return piece(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace,
      labels: { ...instanceChildLabels(instance), [LABEL.volumeType]: 'mirror' },
      annotations: { [ANNOTATION.mirrorOf]: `${volume.namespace}/${origin}` },
      ownerReferences: [ownedBy(instance)],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: NO_ROOM } },
      storageClassName: MIRROR_CLASS,
      volumeName: mirrorVolumeName(namespace, name),
    },
  });
}

/** The claim that a mirror shows; nothing when `claim` is no mirror of this kind. */
export function originOf({ metadata: { annotations } }: Pick<Claim, 'metadata'>): Required<ObjectKey> | undefined {
  const [namespace = '', name = '', ...more] = (annotations?.[ANNOTATION.mirrorOf] ?? '').split('/');
  return namespace === '' || name === '' || more.length > 0 ? undefined : { namespace, name };
}

/** Who sees what through a mirror. */
export interface MirrorParts {
  readonly claim: Claim;
  readonly originClaim: Claim;
  readonly origin: Volume;
  readonly source: Partial<PersistentVolumeSpec>;
  /** Even a pod that mounts it for writing may only read. */
  readonly readOnly: boolean;
}

/** A second PersistentVolume over the origin's bytes, for one claim and no other. Deleting it deletes no data. */
export function mirrorVolume({ claim, originClaim, origin, source, readOnly }: MirrorParts): Piece {
  const { namespace = '', name } = claim.metadata;
  return piece(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: mirrorVolumeName(namespace, name),
      labels: managedBy(MIRROR_MANAGER, {
        [LABEL.volumeType]: 'mirror',
        [LABEL.mirroredVolume]: labelValue(origin.metadata.name),
        [LABEL.mirroredClaim]: labelValue(originClaim.metadata.name),
        [LABEL.mirroredNamespace]: originClaim.metadata.namespace ?? '',
      }),
    },
    spec: {
      ...readOnlySource(source, readOnly),
      capacity: { storage: NO_ROOM },
      accessModes: ['ReadWriteMany'],
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: claim.spec?.storageClassName ?? '',
      volumeMode: origin.spec?.volumeMode ?? 'Filesystem',
    },
  });
}

function readOnlySource(source: Partial<PersistentVolumeSpec>, readOnly: boolean): Partial<PersistentVolumeSpec> {
  if (!readOnly) return source;
  const { csi, nfs } = source;
  return { ...source, ...(csi ? { csi: { ...csi, readOnly } } : {}), ...(nfs ? { nfs: { ...nfs, readOnly } } : {}) };
}
