import { createHash } from 'node:crypto';
import { type Amount, amount, amountNumber, compare, sum } from '@crownlabs/api';
import type { GuestSpec } from '../kinds/guest-schema.ts';

/** What the emulator needs beside the memory of its guest: translated code, devices, the shell around it. */
const OVERHEAD = amount('384Mi');

/** What a guest that says nothing gets. */
const DEFAULT_MEMORY = amount('512Mi');

/** Processors of a guest. */
export function processors({ cpu }: GuestSpec['domain']): number {
  return (cpu?.cores ?? 1) * (cpu?.sockets ?? 1) * (cpu?.threads ?? 1);
}

/** Whether a machine has the board of older systems. Others name a version of it too. */
export function isOldBoard({ machine }: GuestSpec['domain']): boolean {
  return /^pc($|-i440fx)/.test(machine?.type ?? '');
}

/** Memory that a guest sees. https://kubevirt.io/user-guide/compute/virtual_hardware/#memory */
export function guestMemory({ memory, resources }: GuestSpec['domain']): Amount {
  const said = memory?.guest ?? resources?.requests?.['memory'] ?? resources?.limits?.['memory'];
  return said === undefined ? DEFAULT_MEMORY : amount(said);
}

/** Memory that its pod needs at least. */
export function podMemory(domain: GuestSpec['domain'], said: string | number | undefined): Amount {
  const least = sum([guestMemory(domain), OVERHEAD]);
  return said !== undefined && compare(amount(said), least) > 0 ? amount(said) : least;
}

/** Whole mebibytes, as the emulator counts them. */
export function mebibytes(of: Amount): number {
  return Math.floor(amountNumber(of) / 2 ** 20);
}

/** The hardware address of a machine that names none: its own for ever, and marked as given out locally. */
export function hardwareAddressOf(uid: string): string {
  const digest = createHash('sha256').update(uid).digest();
  return ['02', ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** The identity of a machine's firmware: guests bind licences and their machine id to it. */
export function firmwareIdOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
