import { crdOf, type Kind, type LabCrd } from '@crownlabs/api';
import { clusterResource, type KubeObject, namespacedResource, networkAttachments, type Resource } from '@crownlabs/client';
import { DiskSpec, DiskStatus } from './disk-schema.ts';
import { GuestSpec, GuestStatus } from './guest-schema.ts';
import { MachineSpec, MachineStatus } from './machine-schema.ts';
import { MigrationSpec, MigrationStatus } from './migration-schema.ts';
import { NetworkSpec, NetworkStatus } from './network-schema.ts';
import { SnapshotSpec, SnapshotStatus } from './snapshot-schema.ts';

/** A machine that can be stopped and started. */
export interface Machine extends KubeObject {
  spec: MachineSpec;
  status?: MachineStatus;
}

/** A machine that runs. */
export interface Guest extends KubeObject {
  spec: GuestSpec;
  status?: GuestStatus;
}

/** A volume for a disk, and where its content comes from. */
export interface Disk extends KubeObject {
  spec: DiskSpec;
  status?: DiskStatus;
}

/** `kubevirt.io/v1` virtualmachines. */
export const machines: Resource<Machine> = namespacedResource('kubevirt.io/v1', 'virtualmachines', 'VirtualMachine');
/** `kubevirt.io/v1` virtualmachineinstances. */
export const guests: Resource<Guest> = namespacedResource('kubevirt.io/v1', 'virtualmachineinstances', 'VirtualMachineInstance');
/** `cdi.kubevirt.io/v1beta1` datavolumes. */
export const disks: Resource<Disk> = namespacedResource('cdi.kubevirt.io/v1beta1', 'datavolumes', 'DataVolume');

/** A copy of a disk as it was at one moment while it was used. */
export interface Snapshot extends KubeObject {
  spec: SnapshotSpec;
  status?: SnapshotStatus;
}

const STORAGE_SNAPSHOTS = 'snapshot.storage.k8s.io/v1';
/** `snapshot.storage.k8s.io/v1` volumesnapshots. */
export const snapshots: Resource<Snapshot> = namespacedResource(STORAGE_SNAPSHOTS, 'volumesnapshots', 'VolumeSnapshot');
/** `snapshot.storage.k8s.io/v1` volumesnapshotclasses. */
export const snapshotClasses: Resource = clusterResource(STORAGE_SNAPSHOTS, 'volumesnapshotclasses', 'VolumeSnapshotClass');

const AGE = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' } as const;
const READY = { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" } as const;

const KINDS: readonly Kind[] = [
  {
    group: machines.group,
    version: machines.version,
    kind: machines.kind,
    plural: machines.plural,
    shortNames: ['vm', 'vms'],
    namespaced: true,
    description: 'A virtual machine that can be stopped and started.',
    spec: MachineSpec,
    status: MachineStatus,
    columns: [AGE, { name: 'Status', type: 'string', jsonPath: '.status.printableStatus' }, READY],
  },
  {
    group: guests.group,
    version: guests.version,
    kind: guests.kind,
    plural: guests.plural,
    shortNames: ['vmi', 'vmis'],
    namespaced: true,
    description: 'A virtual machine that runs; gone when it stops.',
    spec: GuestSpec,
    status: GuestStatus,
    columns: [
      AGE,
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'IP', type: 'string', jsonPath: '.status.interfaces[0].ipAddress' },
      { name: 'NodeName', type: 'string', jsonPath: '.status.nodeName' },
      READY,
    ],
  },
  {
    group: disks.group,
    version: disks.version,
    kind: disks.kind,
    plural: disks.plural,
    shortNames: ['dv', 'dvs'],
    namespaced: true,
    description: 'A volume for a disk, and where its content comes from.',
    spec: DiskSpec,
    status: DiskStatus,
    columns: [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
      { name: 'Progress', type: 'string', jsonPath: '.status.progress' },
      { name: 'Restarts', type: 'integer', jsonPath: '.status.restartCount' },
      AGE,
    ],
  },
  {
    group: machines.group,
    version: machines.version,
    kind: 'VirtualMachineInstanceMigration',
    plural: 'virtualmachineinstancemigrations',
    shortNames: ['vmim', 'vmims'],
    namespaced: true,
    description: 'A wish to move a machine that runs to another node. There is none here, so that each is refused.',
    spec: MigrationSpec,
    status: MigrationStatus,
    columns: [AGE],
  },
  {
    group: snapshots.group,
    version: snapshots.version,
    kind: snapshots.kind,
    plural: snapshots.plural,
    shortNames: ['vs'],
    namespaced: true,
    description: 'A copy of a disk as it was at one moment, made while it was used.',
    spec: SnapshotSpec,
    status: SnapshotStatus,
    columns: [
      { name: 'ReadyToUse', type: 'boolean', jsonPath: '.status.readyToUse' },
      { name: 'SourcePVC', type: 'string', jsonPath: '.spec.source.persistentVolumeClaimName' },
      AGE,
    ],
  },
  {
    group: networkAttachments.group,
    version: networkAttachments.version,
    kind: networkAttachments.kind,
    plural: networkAttachments.plural,
    shortNames: ['net-attach-def'],
    namespaced: true,
    description: 'A network that machines of its namespace may have a card on, beside the network of their pods.',
    spec: NetworkSpec,
    status: NetworkStatus,
    columns: [AGE],
  },
];

/** A class has its fields beside its metadata, so its definition is written as it is. */
function snapshotClassCrd() {
  const { group, version, plural, kind } = snapshotClasses;
  const text = { type: 'string' } as const;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase() },
      scope: 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              required: ['driver', 'deletionPolicy'],
              properties: {
                driver: text,
                deletionPolicy: { ...text, enum: ['Delete', 'Retain'] },
                parameters: { type: 'object', additionalProperties: text },
              },
            },
          },
        },
      ],
    },
  };
}

/** The definitions of the kinds that this room realises, for an API that has none of them. */
export function machineCrds(): MachineCrd[] {
  const own = KINDS.map((kind) => {
    const crd = crdOf(kind);
    return { ...crd, spec: { ...crd.spec, names: { ...crd.spec.names, categories: ['all'] } } };
  });
  return [...own, snapshotClassCrd()].map((crd) => ({ ...crd, metadata: { ...crd.metadata, annotations: APPROVAL } }));
}

/** A definition of a kind. */
export type MachineCrd = (Pick<LabCrd, 'apiVersion' | 'kind' | 'spec'> | ReturnType<typeof snapshotClassCrd>) & {
  metadata: { name: string; annotations: Record<string, string> };
};

/** Groups below k8s.io are guarded: https://kep.k8s.io/1111. Those of snapshots are approved. */
const APPROVAL = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-csi/external-snapshotter/pull/814' };
