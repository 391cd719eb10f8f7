import type { DataVolume, Kube, VirtualMachine, VirtualMachineInstance } from '@crownlabs/client';
import type { Secret } from 'kubernetes-types/core/v1.js';

/** What is there of a machine. */
export interface MachineFacts {
  /** Whether the API serves all the kinds that this machine needs. */
  readonly supported: boolean;
  readonly machine: VirtualMachine | undefined;
  readonly guest: VirtualMachineInstance | undefined;
  readonly disk: DataVolume | undefined;
  readonly secret: Kube<Secret> | undefined;
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
