import type { Environment } from '@crownlabs/api';
import type { MachineCondition } from '@crownlabs/client';
import { hasEnded, isImporting, type MachineFacts, type MachineFinding } from './facts.ts';
import { isRestore } from './restore.ts';

const ASK = 'Tell your teacher.';

/** What keeps a machine from running, if there is a reason beyond "not yet". */
export function machineTrouble(facts: MachineFacts, { image }: Pick<Environment, 'image'>): MachineFinding | undefined {
  const { machine, guest } = facts;
  const restoring = restoringText(facts);
  if (restoring) return restoring;
  const told = crashedOnce(machine) ? CRASHED : FAULTS[machine?.status?.printableStatus ?? guestFault(guest)];
  const broken = diskTrouble(facts, image);
  if (broken) return broken;
  if (told) return { reason: told.reason, message: told.message(image, saysWhy((machine ?? guest)?.status?.conditions)) };
  return rebootLoop(guest) ?? gone(guest);
}

/** A machine that was there and is not, for the time being or for good. */
function gone(guest: MachineFacts['guest']): MachineFinding | undefined {
  if (hasEnded(guest)) return ended(guest);
  return hasFallenSilent(guest) ? SILENT : undefined;
}

/** A machine that nobody starts again: it keeps nothing, so who uses it is asked first. */
function ended(guest: MachineFacts['guest']): MachineFinding {
  const why = saysWhy(guest?.status?.conditions);
  const how = guest?.status?.phase === 'Failed' ? `The machine crashed${why && `: ${why}`}.` : 'The machine was shut down from inside.';
  return { reason: 'MachineEnded', message: `${how} Stop it here, then start it again.` };
}

function restoringText({ restore, disk }: MachineFacts): MachineFinding | undefined {
  if (!isRestore(restore) || restore.done || isImporting(disk)) return undefined;
  return { reason: 'Restoring', message: `The disk is put back to what it was in the snapshot ${restore.snapshot}.` };
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
  const address = image.replace(/#sha256:[0-9a-f]+$/, '');
  const from = why.includes(address) ? '' : ` from ${address}`;
  return { reason: 'DiskImportFailed', message: `The disk could not be made${from}${why && `: ${why}`}. ${ASK}` };
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

/** Once is no row: it starts again and may be well. */
function crashedOnce(machine: MachineFacts['machine']): boolean {
  const { printableStatus, startFailure } = machine?.status ?? {};
  return printableStatus === 'CrashLoopBackOff' && startFailure?.consecutiveFailCount === 1;
}

const CRASHED: Fault = { reason: 'MachineCrashed', message: (_image, why) => `The machine crashed${why && `: ${why}`}.` };

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

const SILENT: MachineFinding = {
  reason: 'MachineSilent',
  message: 'The machine was ready and does not answer any more. Look at its screen; if it is frozen, restart it.',
};

function hasFallenSilent(guest: MachineFacts['guest']): boolean {
  return guest?.status?.conditions?.some(({ type, reason }) => type === 'Ready' && reason === 'GuestSilent') === true;
}

/** How far a machine has come that nothing is wrong with. */
export function machineProgress({ disk, guest, machine }: MachineFacts): MachineFinding {
  if (isImporting(disk)) {
    const done = disk?.status?.progress ?? 'N/A';
    const far = done === 'N/A' ? '' : `: ${done} are done`;
    return { reason: 'ImportingDisk', message: `The disk of the machine is being made${far}. This is needed once.` };
  }
  const phase = guest?.status?.phase ?? machine?.status?.printableStatus;
  if (phase !== 'Running') return { reason: 'Starting', message: 'The machine is being started.' };
  return { reason: 'Booting', message: 'The machine has started and is getting ready.' };
}
