import { ANNOTATION, cutName } from '@crownlabs/api';
import { type Informer, type KubeClient, persistentVolumeClaims } from '@crownlabs/client';
import { type Clock, hasCode } from '@crownlabs/std';
import { conditionOf } from '../conditions.ts';
import { baseOf } from '../disk/desired.ts';
import { hideVolume, type Showing, showVolume } from '../disk/second-volume.ts';
import { claimOf, disksOf, type PreparedMemory, volumeOf } from '../guest/drives.ts';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { type Guest, type Machine, machines } from '../kinds/kinds.ts';
import { isAsleep, isPrepared, SUSPENDED } from '../machine/asleep.ts';
import { misfit } from './shape.ts';

/** Whether a machine goes on from another's memory: from where, what it waits for, or why it boots, in words. */
export type InstantStart = { readonly memory: PreparedMemory } | { readonly waitsFor: string } | { readonly boots: string };

/** What finding a prepared memory needs. */
export interface PreparedTools {
  readonly client: KubeClient;
  readonly machines: Informer<Machine>;
}

/** Finds the memory that a guest should go on from, and shows it in the guest's namespace. Undefined where it should not. */
export async function findPrepared({ client, machines: known }: PreparedTools, guest: Guest): Promise<InstantStart | undefined> {
  const wish = guest.metadata.annotations?.[ANNOTATION.instantStart];
  if (wish === undefined) return undefined;
  const [namespace = '', name = ''] = wish.split('/');
  const machine = known.get(name, namespace);
  if (!machine || !isPrepared(machine)) return { boots: 'Nothing is prepared yet that the machine could go on from' };
  if (!isAsleep(machine)) return { boots: notYet(machine) };
  const prepared = machine.spec.template.spec;
  const fault = misfit(prepared, guest.spec);
  if (fault !== undefined) return { boots: `The machine is not like the one that was prepared: ${fault}` };
  const first = firstVolume(guest.spec);
  if (!first?.containerDisk) return { boots: 'The machine keeps its disk, which has gone its own way since' };
  return show(client, guest, { volume: first.name, origin: firstVolume(prepared), namespace });
}

function firstVolume(spec: GuestSpec) {
  const [disk] = disksOf(spec);
  return disk && volumeOf(spec, disk.name);
}

interface Origin {
  readonly volume: string;
  readonly origin: ReturnType<typeof firstVolume>;
  readonly namespace: string;
}

async function show(client: KubeClient, guest: Guest, { volume, origin, namespace }: Origin): Promise<InstantStart> {
  const claim = await client.find(persistentVolumeClaims, (origin && claimOf(origin)) ?? '', namespace);
  const base = claim && baseOf(claim);
  if (!claim || base === undefined) return { boots: 'The disk that was prepared is gone' };
  const shown = await showVolume(client, claim, showing(guest));
  if (shown.status?.phase !== 'Bound') return { waitsFor: 'What the machine goes on from is made readable.' };
  return { memory: { volume, claim: claim.metadata.name, shownAs: shown.metadata.name, base } };
}

function notYet(machine: Machine): string {
  const why = conditionOf(machine.status, SUSPENDED);
  return why?.status === 'False'
    ? `What it should go on from could not be prepared: ${why.message}`
    : 'What it goes on from is being prepared';
}

/** So long a memory is believed in that a guest could not go on from, or one that never fits would be prepared at each start. */
const BELIEVED_MS = 600_000;

/** What nobody can go on from any more goes, for who wants it to prepare another one: another emulator came, or another image under the same name. */
export async function dropPrepared(
  { client, machines: known, clock }: PreparedTools & { readonly clock: Clock },
  guest: Guest,
): Promise<void> {
  const [namespace = '', name = ''] = (guest.metadata.annotations?.[ANNOTATION.instantStart] ?? '').split('/');
  const machine = known.get(name, namespace);
  const since = Date.parse(conditionOf(machine?.status, SUSPENDED)?.lastTransitionTime ?? '');
  if (!machine || !isAsleep(machine) || clock.now() - since < BELIEVED_MS) return;
  await client.delete(machines, name, namespace).catch((error: unknown) => {
    if (!hasCode(error, 'NotFound')) throw error;
  });
}

/** Takes away what a guest went on from. What was prepared stays for others. */
export async function forgetPrepared({ client }: Pick<PreparedTools, 'client'>, guest: Guest): Promise<void> {
  if (guest.metadata.annotations?.[ANNOTATION.instantStart] !== undefined) await hideVolume(client, showing(guest));
}

function showing(guest: Guest): Showing {
  const { name, uid = '' } = guest.metadata;
  return { owner: guest, name: cutName(`prepared-${name}-${uid.slice(0, 5)}`), volume: `prepared-${uid}` };
}
