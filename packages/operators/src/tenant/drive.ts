import {
  ANNOTATION,
  amount,
  compare,
  cutName,
  driveMirrorName,
  driveName,
  LABEL,
  MYDRIVE_NAMESPACE,
  type Tenant,
  tenantNamespace,
} from '@crownlabs/api';
import { type Kube, ownedBy, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import { type Piece, piece } from '../converge.ts';
import { labelValue } from '../instance/labels.ts';
import { managedBy } from '../manifests/labels.ts';
import { handoverJob } from '../volume-handover.ts';

type DriveConfig = NonNullable<OperatorsConfig['drive']>;
type Claim = Kube<PersistentVolumeClaim>;
type Volume = Kube<PersistentVolume>;

/** Set to "true" on a Tenant before it is deleted, it takes the personal volume with it. */
export const DELETE_DRIVE = 'lab.crownlabs.polito.it/delete-drive';

/** Whether somebody wants the data of a tenant to go with the tenant. */
export function dropsDrive({ metadata: { annotations } }: Tenant): boolean {
  return annotations?.[DELETE_DRIVE] === 'true';
}

/**
 * The personal volume itself, in a namespace that outlives the tenant's. It has no owner, because what people wrote outlives their account:
 * whoever comes back finds it. It grows when the configuration does; it never shrinks.
 */
export function driveClaim(
  tenant: Tenant,
  { size, storageClassName, provisionerImage }: DriveConfig,
  { claim: current, handed }: DriveState,
): Piece {
  const { name } = tenant.metadata;
  const chosen = current?.spec?.storageClassName ?? storageClassName;
  return piece(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: driveName(name),
      namespace: MYDRIVE_NAMESPACE,
      labels: managedBy('tenant', {
        [LABEL.tenant]: labelValue(name),
        ...(provisionerImage === undefined ? {} : { [LABEL.volumeProvisioning]: handed ? 'completed' : 'pending' }),
      }),
      annotations: { [ANNOTATION.requiredTargetLabels]: `${LABEL.type}=tenant,${LABEL.name}=${name}` },
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: sizeOf(current, size) } },
      ...(chosen === undefined ? {} : { storageClassName: chosen }),
    },
  });
}

function sizeOf(current: Claim | undefined, size: string): string {
  const has = current?.spec?.resources?.requests?.['storage'];
  return has !== undefined && compare(amount(has), amount(size)) >= 0 ? has : size;
}

/** What is there of a personal volume. */
export interface DriveState {
  readonly claim: Claim | undefined;
  /** Whether it belongs to the user already. */
  readonly handed: boolean;
}

/** The name of the Job that hands a personal volume over. */
export function driveJobName(tenant: string): string {
  return cutName(`${driveName(tenant)}-provision`);
}

/** The Job that hands a personal volume over. It goes with the tenant; the volume does not. */
export function driveJob(tenant: Tenant, claim: Claim, image: string): Piece {
  const { name } = tenant.metadata;
  return handoverJob(claim, { name: driveJobName(name), labels: managedBy('tenant'), owner: ownedBy(tenant), image });
}

/** Name of the PersistentVolume through which the tenant's namespace sees the drive. */
export function mirrorVolumeName(tenant: string): string {
  return `${tenantNamespace(tenant)}.${driveMirrorName(tenant)}`;
}

/** What the tenant's namespace sees the drive by. It is there from the beginning, and whoever mounts it waits until it has a volume. */
export function driveMirrorClaim(tenant: Tenant, is: 'pending' | 'completed'): Piece {
  const { name } = tenant.metadata;
  // The label is news for whoever binds claims, and has not heard of the volume yet.
  const labels = { ...mirrorLabels(name), [LABEL.volumeProvisioning]: is };
  return piece(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: driveMirrorName(name), namespace: tenantNamespace(name), labels, ownerReferences: [ownedBy(tenant)] },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: '1' } },
      storageClassName: '',
      volumeName: mirrorVolumeName(name),
    },
  });
}

function mirrorLabels(tenant: string): Record<string, string> {
  return managedBy('tenant', { [LABEL.tenant]: labelValue(tenant), [LABEL.volumeType]: 'mirror' });
}

/** A second volume over the same bytes, for that claim: Kubernetes' own way to see a volume from another namespace, with no feature gate. */
export function driveMirrorVolume(tenant: Tenant, origin: Volume, source: Partial<PersistentVolumeSpec>): Piece {
  const { name } = tenant.metadata;
  return piece(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: mirrorVolumeName(name),
      labels: {
        ...mirrorLabels(name),
        [LABEL.mirroredVolume]: labelValue(origin.metadata.name),
        [LABEL.mirroredClaim]: labelValue(driveName(name)),
        [LABEL.mirroredNamespace]: MYDRIVE_NAMESPACE,
      },
      ownerReferences: [ownedBy(tenant)],
    },
    spec: {
      ...source,
      capacity: origin.spec?.capacity ?? {},
      accessModes: ['ReadWriteMany'],
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: tenantNamespace(name), name: driveMirrorName(name) },
      persistentVolumeReclaimPolicy: 'Retain',
      storageClassName: '',
    },
  });
}
