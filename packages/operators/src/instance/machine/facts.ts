import type { Environment } from '@crownlabs/api';
import type { DataVolume, Kube, VirtualMachine, VirtualMachineInstance } from '@crownlabs/client';
import type { Secret } from 'kubernetes-types/core/v1.js';

/** Why a machine is where it is, for machines and for people. */
export interface MachineFinding {
  readonly reason: string;
  readonly message: string;
}

/** A disk that is to be what it was in a snapshot. */
export interface Restore {
  /** The snapshot, for people. */
  readonly snapshot: string;
  /** Tells this wish from others, also from an earlier one for the same snapshot. */
  readonly mark: string;
  /** Where its content is. */
  readonly image: Pick<Environment, 'image' | 'environmentType'>;
  /** How large a disk has to be that holds it. */
  readonly size: string | undefined;
  /** Whether the disk is of this wish. */
  readonly done: boolean;
}

/** What is there of a machine. */
export interface MachineFacts {
  /** Whether the API serves all the kinds that this machine needs. */
  readonly supported: boolean;
  readonly machine: VirtualMachine | undefined;
  readonly guest: VirtualMachineInstance | undefined;
  readonly disk: DataVolume | undefined;
  readonly secret: Kube<Secret> | undefined;
  /** The wish to make its disk what it was in a snapshot, or what stands against it. */
  readonly restore?: Restore | MachineFinding | undefined;
}

/** Whether a machine has ended by itself: its guest was shut down from inside, or crashed. */
export function hasEnded(guest: VirtualMachineInstance | undefined): boolean {
  return ['Failed', 'Succeeded'].includes(guest?.status?.phase ?? '');
}

/** Whether a machine waits for its disk. */
export function isImporting(disk: DataVolume | undefined): boolean {
  return disk !== undefined && disk.status?.phase !== 'Succeeded';
}

/** The hardware address of the first interface, once it is known. */
export function hardwareAddress({ machine, guest }: MachineFacts): string | undefined {
  return machine?.spec.template.spec.domain.devices.interfaces[0]?.macAddress ?? guest?.status?.interfaces?.[0]?.mac;
}
