import { crdOf, type Kind, type LabCrd } from '@crownlabs/api';
import { type KubeObject, namespacedResource, type Resource } from '@crownlabs/client';
import { DiskSpec, DiskStatus } from './disk-schema.ts';
import { GuestSpec, GuestStatus } from './guest-schema.ts';
import { MachineSpec, MachineStatus } from './machine-schema.ts';

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
];

/** The definitions of the kinds that this room realises, for an API that has none of them. */
export function machineCrds(): LabCrd[] {
  return KINDS.map((kind) => {
    const crd = crdOf(kind);
    return { ...crd, spec: { ...crd.spec, names: { ...crd.spec.names, categories: ['all'] } } };
  });
}
