import type { Kube } from '@crownlabs/client';
import type { ContainerState, ContainerStatus, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js';
import { conditionsFrom, type Finding } from '../conditions.ts';
import type { DiskStatus } from '../kinds/disk-schema.ts';
import type { Disk } from '../kinds/kinds.ts';

/** What is known of a disk. */
export interface DiskFacts {
  readonly disk: Disk;
  readonly claim: Kube<PersistentVolumeClaim> | undefined;
  readonly pod: Kube<Pod> | undefined;
  /** Why it can never be made. */
  readonly refusal: string | undefined;
  /** Percent, as the importer said last. */
  readonly percent: string | undefined;
  readonly now: number;
}

/** How far a disk is. The phases are CDI's: https://github.com/kubevirt/containerized-data-importer/blob/main/doc/datavolumes.md */
export function observeDisk(facts: DiskFacts): DiskStatus {
  const { disk, pod, now } = facts;
  const before = disk.status ?? {};
  if (before.phase === 'Succeeded') return before;
  const phase = phaseOf(facts);
  return {
    claimName: disk.metadata.name,
    phase,
    progress: progressOf(facts, phase),
    restartCount: importer(pod)?.restartCount ?? before.restartCount ?? 0,
    conditions: conditionsFrom(findings(facts, phase), before.conditions, now),
  };
}

function progressOf({ percent = '0' }: DiskFacts, phase: string): string {
  if (phase === 'Succeeded') return '100.0%';
  return phase === 'ImportInProgress' ? `${percent}.0%` : 'N/A';
}

function phaseOf({ claim, pod, refusal }: DiskFacts): string {
  if (refusal !== undefined) return 'Failed';
  if (pod?.status?.phase === 'Succeeded') return 'Succeeded';
  if (claim?.status?.phase !== 'Bound') return 'Pending';
  return importer(pod)?.state?.running ? 'ImportInProgress' : 'ImportScheduled';
}

function importer(pod: Kube<Pod> | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.[0];
}

function findings({ claim, pod, refusal, disk }: DiskFacts, phase: string): Finding[] {
  const bound = claim?.status?.phase === 'Bound';
  const done = phase === 'Succeeded';
  return [
    {
      type: 'Bound',
      status: bound ? 'True' : 'False',
      reason: bound ? 'Bound' : 'Pending',
      message: `PVC ${disk.metadata.name} ${bound ? 'Bound' : 'Pending'}`,
    },
    {
      type: 'Ready',
      status: done ? 'True' : 'False',
      reason: done ? 'Completed' : 'TransferRunning',
      message: done ? 'The disk is complete.' : 'The disk is not complete.',
    },
    running(pod, refusal, done),
  ];
}

function running(pod: Kube<Pod> | undefined, refusal: string | undefined, done: boolean): Finding {
  const of = (status: 'True' | 'False', reason: string, message: string): Finding => ({ type: 'Running', status, reason, message });
  if (refusal !== undefined) return of('False', 'Error', refusal);
  if (done) return of('False', 'Completed', 'Import Complete');
  const { state, lastState } = importer(pod) ?? {};
  const failure = failureOf(lastState) ?? failureOf(state);
  if (failure !== undefined) return of('False', 'Error', failure);
  if (state?.running) return of('True', 'Pod is running', 'The disk is being written.');
  const { reason = 'Pending', message = 'The importer has not started.' } = state?.waiting ?? {};
  return of('False', reason, message);
}

function failureOf(state: ContainerState | undefined): string | undefined {
  const { exitCode = 0, message = `The importer ended with code ${exitCode}.` } = state?.terminated ?? {};
  return exitCode === 0 ? undefined : message.trim();
}
