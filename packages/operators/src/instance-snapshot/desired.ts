import {
  canonicalName,
  cutName,
  type InstanceSnapshot,
  PERSONAL_WORKSPACE,
  type Template,
  templates,
  type Workspace,
} from '@crownlabs/api';
import { apiVersionOf, dataVolumes, jobs, type New, namespacedResource, ownedBy } from '@crownlabs/client';
import { type Piece, piece } from '../converge.ts';
import { managedBy } from '../manifests/labels.ts';
import type { SnapshotRegistry } from './config.ts';
import type { SnapshotSource } from './facts.ts';

/** `snapshot.storage.k8s.io/v1` volumesnapshots, of whose status we read one field. */
export const volumeSnapshots = namespacedResource<VolumeSnapshot>('snapshot.storage.k8s.io/v1', 'volumesnapshots', 'VolumeSnapshot');

/** A copy that the storage itself makes of a disk in use. */
export interface VolumeSnapshot {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: { volumeSnapshotClassName?: string; source: { persistentVolumeClaimName: string } };
  status?: { readyToUse?: boolean; error?: { message?: string } };
}

/** On a Template: the uid of the snapshot that it was made from. */
export const FROM_SNAPSHOT = 'lab.crownlabs.polito.it/from-snapshot';

const LABELS = managedBy('instancesnapshot');

/** The first copy of a disk in use. It is beside the disk, maybe in another namespace than the snapshot, and goes when the second copy is made. */
export function frozenDisk(snapshot: InstanceSnapshot, { claim, snapshotClass }: SnapshotSource): Piece {
  return piece(volumeSnapshots, {
    apiVersion: apiVersionOf(volumeSnapshots),
    kind: volumeSnapshots.kind,
    metadata: { name: frozenName(snapshot), namespace: claim.metadata.namespace ?? '', labels: LABELS },
    spec: {
      ...(snapshotClass === undefined ? {} : { volumeSnapshotClassName: snapshotClass }),
      source: { persistentVolumeClaimName: claim.metadata.name },
    },
  });
}

/** Two snapshots of one name may come from two namespaces. */
export function frozenName({ metadata: { uid = '' } }: InstanceSnapshot): string {
  return `snapshot-${uid}`;
}

/** The name of the volume that is the image. It says what it is, because it may lie beside the disks of instances. */
export function imageDiskName({ metadata }: InstanceSnapshot): string {
  return cutName(`isnap-${canonicalName(metadata.name)}`);
}

/** The image: a copy of the disk, made by the storage. */
export function imageDisk(snapshot: InstanceSnapshot, { claim }: SnapshotSource, frozen: boolean): Piece {
  const { namespace = '' } = snapshot.metadata;
  const { accessModes, resources, volumeMode, storageClassName } = claim.spec ?? {};
  const from = claim.metadata.namespace ?? '';
  return piece(dataVolumes, {
    apiVersion: apiVersionOf(dataVolumes),
    kind: dataVolumes.kind,
    metadata: { name: imageDiskName(snapshot), namespace, labels: LABELS, ownerReferences: [ownedBy(snapshot)] },
    spec: {
      source: frozen
        ? { snapshot: { namespace: from, name: frozenName(snapshot) } }
        : { pvc: { namespace: from, name: claim.metadata.name } },
      pvc: {
        accessModes: accessModes ?? ['ReadWriteOnce'],
        resources: { requests: { storage: resources?.requests?.['storage'] ?? '1Gi' } },
        ...(volumeMode === undefined ? {} : { volumeMode }),
        ...(storageClassName === undefined ? {} : { storageClassName }),
      },
    },
  });
}

/** What templates name the image by: the copy itself, or where it was pushed to. */
export function imageReference(snapshot: InstanceSnapshot, registry: SnapshotRegistry | undefined, tenant: string): string {
  const { namespace = '', creationTimestamp = '' } = snapshot.metadata;
  if (!registry) return `${namespace}/${imageDiskName(snapshot)}`;
  const folder = tenant.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const version = creationTimestamp.replaceAll(/[-:]|\.\d+|Z$/g, '').replace('T', 't');
  return `${registry.repository.replace(/\/$/, '')}/${folder}/${snapshot.spec.imageName}:${version}`;
}

/** Turns the copy into an image and pushes it. It works on the copy, so that the instance can be started meanwhile. */
export function exportJob(snapshot: InstanceSnapshot, registry: SnapshotRegistry, destination: string): Piece {
  const { name, namespace = '' } = snapshot.metadata;
  const work = { name: 'tmp-vol', mountPath: '/img' };
  return piece(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace, labels: LABELS, ownerReferences: [ownedBy(snapshot)] },
    spec: {
      backoffLimit: 2,
      template: {
        metadata: { labels: LABELS },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          initContainers: [
            { name: 'img-generator', image: registry.exporterImage, volumeMounts: [{ name: 'vm-disk', mountPath: '/data' }, work] },
          ],
          containers: [
            {
              name: 'docker-pusher',
              image: registry.builderImage,
              args: ['--dockerfile=/img/Dockerfile', '--context=/img', `--destination=${destination}`],
              resources: { requests: { memory: '8Gi' }, limits: { memory: '32Gi' } },
              volumeMounts: [work, { name: 'kaniko-secret', mountPath: '/kaniko/.docker', readOnly: true }],
            },
          ],
          volumes: [
            { name: 'vm-disk', persistentVolumeClaim: { claimName: imageDiskName(snapshot) } },
            { name: 'tmp-vol', emptyDir: {} },
            {
              name: 'kaniko-secret',
              secret: { secretName: registry.pushSecret, items: [{ key: '.dockerconfigjson', path: 'config.json' }] },
            },
          ],
        },
      },
    },
  });
}

/** The name of the Template that was asked for. */
export function templateName({ metadata, spec }: InstanceSnapshot): string {
  return spec.template?.name ?? metadata.name;
}

/** A Template that starts copies of the image, and is for the rest what the instance's was. It is written once: from then on it is its manager's. */
export function snapshotTemplate(
  snapshot: InstanceSnapshot,
  { template, environment }: Pick<SnapshotSource, 'template' | 'environment'>,
  { image, workspace }: { readonly image: ImageUse; readonly workspace: Workspace | undefined },
): New<Template> {
  const { spec, metadata } = snapshot;
  const { description, prettyName } = spec.template ?? {};
  const { description: old, cleanup, nodeSelector, allowPublicExposure } = template.spec;
  const text = description ?? old;
  return {
    apiVersion: apiVersionOf(templates),
    kind: templates.kind,
    metadata: {
      name: templateName(snapshot),
      namespace: metadata.namespace ?? '',
      annotations: { [FROM_SNAPSHOT]: metadata.uid ?? '' },
    },
    spec: {
      prettyName: prettyName ?? spec.imageName,
      ...(text === undefined ? {} : { description: text }),
      'workspace.crownlabs.polito.it/WorkspaceRef': { name: workspace?.metadata.name ?? PERSONAL_WORKSPACE },
      environmentList: [{ ...environment, image: image.image, environmentType: image.environmentType }],
      cleanup,
      allowPublicExposure,
      ...(nodeSelector === undefined ? {} : { nodeSelector }),
    },
  };
}

/** How an image is started. */
export interface ImageUse {
  readonly image: string;
  readonly environmentType: 'VirtualMachine' | 'LocalVM';
}
