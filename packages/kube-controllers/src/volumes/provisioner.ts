import type { persistentVolumeClaims, persistentVolumes, storageClasses } from '@crownlabs/client';
import type { KindOf } from '../cluster.ts';

/** A claim, a volume and a class as the client reads them. */
export type Claim = KindOf<typeof persistentVolumeClaims>;
/** See {@link Claim}. */
export type Volume = KindOf<typeof persistentVolumes>;
/** See {@link Claim}. */
export type StorageClass = KindOf<typeof storageClasses>;

/** Provisioner of the classes whose volumes are directories of a node; the driver that its volumes name. */
export const LOCAL_PROVISIONER = 'local.crownlabs.polito.it';

const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

/** The volume for `claim`. The agent of the node makes the directory when the first pod needs it, and takes it away with the volume. */
export function desiredVolume(
  claim: Claim,
  storageClass: StorageClass,
  { node, storage }: { node: string | undefined; storage: string },
): Omit<Volume, 'status'> {
  const { name, namespace, uid } = claim.metadata;
  const volumeName = `pvc-${uid}`;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName, annotations: { [PROVISIONED_BY]: storageClass.provisioner } },
    spec: {
      capacity: { storage },
      accessModes: claim.spec?.accessModes ?? ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: claim.spec?.volumeMode ?? 'Filesystem',
      csi: { driver: storageClass.provisioner, volumeHandle: volumeName },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name,
        ...(namespace !== undefined && { namespace }),
        ...(uid !== undefined && { uid }),
      },
      ...(node !== undefined && { nodeAffinity: onNode(node) }),
    },
  };
}

function onNode(node: string) {
  return { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }] } };
}
