import { conditionOf, conditionsFrom, type Finding } from '../conditions.ts';
import { isFinal } from '../guest/status.ts';
import type { Disk, Guest, Machine } from '../kinds/kinds.ts';
import type { MachineStatus, StateChange } from '../kinds/machine-schema.ts';
import { isAsleep, isPrepared, SUSPENDED, shouldSleep } from './asleep.ts';
import { strategyOf } from './plan.ts';

/** Failures of a machine in a row, and when it is tried again. */
export interface Failures {
  readonly count: number;
  readonly lastUid: string;
  readonly retryAt: number;
}

/** What is known of a machine. */
export interface MachineFacts {
  readonly machine: Machine;
  readonly guest: Guest | undefined;
  readonly disks: readonly Disk[];
  readonly requests: readonly StateChange[];
  readonly failures: Failures | undefined;
  /** Why it does not fall asleep, in words. */
  readonly wakeful: string | undefined;
  readonly now: number;
}

/** What a machine is, and why, with the word that KubeVirt prints for it. */
export function observeMachine(facts: MachineFacts): MachineStatus {
  const { machine, guest, requests, failures, now } = facts;
  const { printable, message } = printableOf(facts);
  const ready = readyOf(guest, message);
  const generation = machine.metadata.generation ?? 0;
  return {
    created: guest !== undefined,
    ready: ready.status === 'True',
    printableStatus: printable,
    runStrategy: strategyOf(machine),
    observedGeneration: generation,
    desiredGeneration: generation,
    conditions: conditionsFrom([ready, ...unscheduledOf(guest), ...sleepOf(facts)], machine.status?.conditions, now),
    ...(requests.length > 0 ? { stateChangeRequests: [...requests] } : {}),
    ...(failures ? { startFailure: startFailure(failures) } : {}),
  };
}

function sleepOf({ machine, guest, wakeful }: MachineFacts): Finding[] {
  const { status, reason = '', message = '' } = conditionOf(machine.status, SUSPENDED) ?? {};
  if (wakeful !== undefined) return [{ type: SUSPENDED, status: 'False', reason: 'SuspendFailed', message: wakeful }];
  // What is kept is kept until another life has begun, or nobody wants one.
  const isKept = status === 'True' && strategyOf(machine) !== 'Halted' && !hasWoken(machine, guest);
  return isKept || isGivenUp(machine) ? [{ type: SUSPENDED, status: isKept ? 'True' : 'False', reason, message }] : [];
}

function hasWoken(machine: Machine, guest: Guest | undefined): boolean {
  return guest?.status?.phase === 'Running' && !shouldSleep(machine, guest);
}

/** Nobody will go on from it, and who would have is told why. */
function isGivenUp(machine: Machine): boolean {
  return isPrepared(machine) && strategyOf(machine) === 'Halted' && conditionOf(machine.status, SUSPENDED)?.status === 'False';
}

function readyOf(guest: Guest | undefined, message: string): Finding {
  const isReady = conditionOf(guest?.status, 'Ready')?.status === 'True';
  if (isReady) return { type: 'Ready', status: 'True', reason: 'GuestAnswers', message: 'The machine runs.' };
  return { type: 'Ready', status: 'False', reason: guest ? 'GuestNotReady' : 'VMINotExists', message };
}

function unscheduledOf(guest: Guest | undefined): Finding[] {
  const { status, reason = '', message = '' } = conditionOf(guest?.status, 'PodScheduled') ?? {};
  return status === 'False' ? [{ type: 'PodScheduled', status, reason, message }] : [];
}

function startFailure({ count, lastUid, retryAt }: Failures): NonNullable<MachineStatus['startFailure']> {
  return { consecutiveFailCount: count, lastFailedVMIUID: lastUid, retryAfterTimestamp: new Date(retryAt).toISOString() };
}

interface Said {
  readonly printable: string;
  readonly message: string;
}

function printableOf(facts: MachineFacts): Said {
  const { machine, guest } = facts;
  if (machine.metadata.deletionTimestamp !== undefined) return { printable: 'Terminating', message: 'The machine is being deleted.' };
  return backingOff(facts) ?? sleeping(facts) ?? (guest ? withGuest(guest, facts.disks) : withoutGuest(facts));
}

function withGuest(guest: Guest, disks: readonly Disk[]): Said {
  if (guest.metadata.deletionTimestamp !== undefined) return { printable: 'Stopping', message: 'The machine shuts down.' };
  if (isFinal(guest.status?.phase))
    return { printable: 'Stopped', message: conditionOf(guest.status, 'Ready')?.message ?? 'The machine has ended.' };
  return ofGuest(guest, disks);
}

/** A guest that failed goes to make way for another: nobody stops anything. */
function backingOff(facts: MachineFacts): Said | undefined {
  const { machine, failures, now } = facts;
  return failures && failures.retryAt > now && strategyOf(machine) !== 'Halted' ? crashed(failures, facts) : undefined;
}

function sleeping({ machine, guest, wakeful }: MachineFacts): Said | undefined {
  if (wakeful !== undefined || !shouldSleep(machine, guest)) return undefined;
  if (guest && !isFinal(guest.status?.phase)) return { printable: 'Stopping', message: 'The machine falls asleep.' };
  if (isAsleep(machine)) return { printable: 'Suspended', message: 'The machine sleeps: what was in its memory is kept.' };
  return { printable: 'Stopped', message: 'The machine is off: it had ended before it could sleep.' };
}

/** The reason is the guest's as long as that is there, and then what was said of it. */
function crashed({ count, retryAt }: Failures, { guest, machine }: MachineFacts): Said {
  const known = conditionOf(machine.status, 'Ready')?.message ?? '';
  const why = guest ? (conditionOf(guest.status, 'Ready')?.message ?? '') : (known.split(AGAIN)[0] ?? '');
  const times = count === 1 ? 'once' : `${count} times in a row`;
  return { printable: 'CrashLoopBackOff', message: `${why}${AGAIN}${times} and is started again at ${new Date(retryAt).toISOString()}.` };
}

const AGAIN = ' The machine ended ';

function withoutGuest({ machine, disks }: MachineFacts): Said {
  if (strategyOf(machine) === 'Halted') return { printable: 'Stopped', message: 'The machine is off.' };
  const failed = disks.find(({ status }) => status?.phase === 'Failed');
  if (failed) return { printable: 'DataVolumeError', message: runningMessage(failed) };
  return { printable: strategyOf(machine) === 'Manual' ? 'Stopped' : 'Starting', message: 'The machine is being made.' };
}

function ofGuest(guest: Guest, disks: readonly Disk[]): Said {
  const { reason, message = 'The machine starts.' } = conditionOf(guest.status, 'Ready') ?? {};
  if (reason === 'DiskNotReady') return ofDisks(disks, message);
  if (guest.status?.phase === 'Running')
    return { printable: conditionOf(guest.status, 'Paused')?.status === 'True' ? 'Paused' : 'Running', message };
  if (conditionOf(guest.status, 'PodScheduled')?.status === 'False') return { printable: 'ErrorUnschedulable', message };
  return { printable: imageTrouble(message) ?? 'Starting', message };
}

function imageTrouble(message: string): string | undefined {
  const trouble = /^(ErrImagePull|ImagePullBackOff|RegistryUnavailable)/.exec(message)?.[0];
  return trouble === 'RegistryUnavailable' ? 'ErrImagePull' : trouble;
}

function ofDisks(disks: readonly Disk[], message: string): Said {
  const troubled = disks.find(({ status }) => conditionOf(status, 'Running')?.reason === 'Error');
  return troubled ? { printable: 'DataVolumeError', message: runningMessage(troubled) } : { printable: 'Provisioning', message };
}

function runningMessage(disk: Disk): string {
  return conditionOf(disk.status, 'Running')?.message ?? `The disk ${disk.metadata.name} could not be made.`;
}
