import type { InstancePhase } from '@crownlabs/api';
import type { MachineCondition, VirtualMachine } from '@crownlabs/client';
import { hasEnded, isImporting, type MachineFacts } from './facts.ts';
import { isRestore, isRestoring } from './restore.ts';

/** The words of KubeVirt for a machine, and ours. */
const PRINTED: Readonly<Record<string, InstancePhase>> = {
  Starting: 'Starting',
  Provisioning: 'Importing',
  WaitingForVolumeBinding: 'Importing',
  Stopping: 'Stopping',
  Terminating: 'Stopping',
  Stopped: 'Off',
  CrashLoopBackOff: 'CreationLoopBackoff',
  Suspended: 'Suspended',
};

/** Phases of a guest on its way. */
const GUEST: Readonly<Record<string, InstancePhase>> = {
  Pending: 'Starting',
  Scheduling: 'Starting',
  Scheduled: 'Starting',
  Unknown: 'Failed',
  Failed: 'Failed',
  Succeeded: 'Failed',
};

/** Where a machine is on its way. */
export function machinePhase(facts: MachineFacts, { persistent, running }: { persistent: boolean; running: boolean }): InstancePhase {
  if (!persistent) return running ? guestPhase(facts) : 'Off';
  if (!facts.machine) return running ? '' : 'Off';
  return running ? persistentPhase(facts.machine, facts) : stoppingPhase(facts.machine);
}

function persistentPhase({ metadata, status }: VirtualMachine, facts: MachineFacts): InstancePhase {
  if (metadata.deletionTimestamp !== undefined) return 'Stopping';
  const printed = status?.printableStatus ?? '';
  if (printed === 'Running') return status?.ready === true ? 'Ready' : 'Running';
  if (printed === 'Starting' && quotaRefused(facts.guest?.status?.conditions)) return 'ResourceQuotaExceeded';
  return printedPhase(printed, facts);
}

/** Between two disks a machine is off for a moment, and nobody has switched it off. */
function printedPhase(printed: string, facts: MachineFacts): InstancePhase {
  const phase = PRINTED[printed] ?? '';
  const between = isRestoring(facts) || (isRestore(facts.restore) && isImporting(facts.disk));
  return between && (phase === '' || phase === 'Off') ? 'Starting' : phase;
}

/** What still runs after the wish to stop is on its way there, whatever it last said of itself. */
function stoppingPhase({ status, spec }: VirtualMachine): InstancePhase {
  const phase = PRINTED[status?.printableStatus ?? ''];
  if (phase === 'Off' || phase === 'Importing') return phase;
  return status?.printableStatus === undefined && spec.running !== true ? 'Off' : 'Stopping';
}

function guestPhase({ guest, disk }: MachineFacts): InstancePhase {
  if (!guest) return '';
  if (guest.metadata.deletionTimestamp !== undefined) return 'Stopping';
  const { phase = '', conditions } = guest.status ?? {};
  if (phase === 'Running') return isTrue(conditions, 'Ready') ? 'Ready' : 'Running';
  if (!hasEnded(guest)) {
    if (quotaRefused(conditions)) return 'ResourceQuotaExceeded';
    if (isImporting(disk)) return 'Importing';
  }
  return GUEST[phase] ?? '';
}

function isTrue(conditions: readonly MachineCondition[] | undefined, type: string): boolean {
  return conditions?.some((it) => it.type === type && it.status === 'True') === true;
}

/** The namespace's quota refused the machine's pod. */
export function quotaRefused(conditions: readonly MachineCondition[] | undefined): boolean {
  const refused = conditions?.find((it) => it.type === 'Synchronized' && it.status === 'False' && it.reason === 'FailedCreate');
  return refused?.message?.includes('exceeded quota') === true;
}
