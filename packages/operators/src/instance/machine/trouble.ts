import type { Environment } from '@crownlabs/api';
import type { MachineCondition } from '@crownlabs/client';
import { hasEnded, isImporting, type MachineFacts } from './facts.ts';

/** Why a machine is where it is, for machines and for people. */
export interface MachineFinding {
  readonly reason: string;
  readonly message: string;
}

const ASK = 'Tell your teacher.';

/** What keeps a machine from running, if there is a reason beyond "not yet". */
export function machineTrouble(facts: MachineFacts, { image }: Pick<Environment, 'image'>): MachineFinding | undefined {
  const { machine, guest } = facts;
  const told = FAULTS[machine?.status?.printableStatus ?? guestFault(guest)];
  const broken = diskTrouble(facts, image);
  if (broken) return broken;
  if (told) return { reason: told.reason, message: told.message(image, saysWhy((machine ?? guest)?.status?.conditions)) };
  const loop = rebootLoop(guest);
  if (loop || !hasEnded(guest)) return loop;
  return { reason: 'MachineEnded', message: 'The machine was shut down from inside, or crashed. Stop it here, then start it again.' };
}

/** What a machine of its own would print of a guest that stands alone. */
function guestFault(guest: MachineFacts['guest']): string {
  const said = guest?.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
  return /^(ErrImagePull|ImagePullBackOff|RegistryUnavailable)/.exec(said)?.[0] ?? '';
}

function rebootLoop(guest: MachineFacts['guest']): MachineFinding | undefined {
  const said = guest?.status?.conditions?.find(({ type, status }) => type === 'RebootLoop' && status === 'True');
  return said && { reason: 'MachineReboots', message: `${said.message ?? ''} Look at its screen for the reason. ${ASK}`.trim() };
}

function diskTrouble({ machine, disk }: MachineFacts, image: string): MachineFinding | undefined {
  const broken = diskFault(disk?.status) ?? (machine?.status?.printableStatus === 'DataVolumeError' ? '' : undefined);
  if (broken === undefined) return undefined;
  const why = broken.replace(/[.\s]+$/, '');
  return { reason: 'DiskImportFailed', message: `The disk could not be made from ${image}${why && `: ${why}`}. ${ASK}` };
}

function diskFault(status: { phase?: string; conditions?: MachineCondition[] } | undefined): string | undefined {
  const running = status?.conditions?.find(({ type }) => type === 'Running');
  if (status?.phase === 'Failed') return running?.message ?? '';
  return running?.status === 'False' && running.reason === 'Error' ? (running.message ?? '') : undefined;
}

function saysWhy(conditions: readonly MachineCondition[] | undefined): string {
  const message = conditions?.find(({ status, message }) => status === 'False' && message !== undefined && message !== '')?.message ?? '';
  return message.replace(/[.\s]+$/, '');
}

type Fault = { readonly reason: string; readonly message: (image: string, why: string) => string };

const noImage: Fault = {
  reason: 'ImageNotFound',
  message: (image, why) => `The image ${image} is not here and cannot be fetched${why && `: ${why}`}. ${ASK}`,
};
const noDisk: Fault = {
  reason: 'DiskNotFound',
  message: () => `The disk of the machine is gone. Delete the instance and make another one.`,
};

/** Words of KubeVirt for a machine that does not get on. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ErrImagePull: noImage,
  RegistryUnavailable: noImage,
  ImagePullBackOff: noImage,
  ErrorPvcNotFound: noDisk,
  ErrorDataVolumeNotFound: noDisk,
  CrashLoopBackOff: {
    reason: 'MachineCrashes',
    message: (_image, why) => `The machine crashes again and again${why && `: ${why}`}. It is tried again; if that does not help: ${ASK}`,
  },
  ErrorUnschedulable: {
    reason: 'WaitingForPlace',
    message: (_image, why) =>
      `Waiting for a place on the machines that run environments${why && `: ${why}`}. It starts as soon as others stop.`,
  },
  Paused: { reason: 'Paused', message: () => `The machine is paused. ${ASK}` },
};

/** How far a machine has come that nothing is wrong with. */
export function machineProgress({ disk, guest, machine }: MachineFacts): MachineFinding {
  if (isImporting(disk)) {
    const done = disk?.status?.progress ?? 'N/A';
    const far = done === 'N/A' ? '' : `: ${done} are done`;
    return { reason: 'ImportingDisk', message: `The disk of the machine is being made${far}. This is needed once.` };
  }
  const phase = guest?.status?.phase ?? machine?.status?.printableStatus;
  return phase === 'Running'
    ? { reason: 'Booting', message: 'The machine has started and is getting ready.' }
    : { reason: 'Starting', message: 'The machine is being started.' };
}
