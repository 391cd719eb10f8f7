import type { Kube } from '@crownlabs/client';
import type { ContainerState, ContainerStatus, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1.js';
import { conditionsFrom, type Finding } from '../conditions.ts';
import type { DiskStatus } from '../kinds/disk-schema.ts';
import type { Disk } from '../kinds/kinds.ts';
import type { DiskProgress } from './progress.ts';

/** What is known of a disk. */
export interface DiskFacts {
  readonly disk: Disk;
  readonly claim: Kube<PersistentVolumeClaim> | undefined;
  readonly pod: Kube<Pod> | undefined;
  /** What is to be there before it can be made. */
  readonly waitsFor: string | undefined;
  /** As the importer said last. */
  readonly progress: DiskProgress | undefined;
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

function progressOf({ progress }: DiskFacts, phase: string): string {
  if (phase === 'Succeeded') return '100.0%';
  return phase === 'ImportInProgress' ? `${progress?.percent ?? '0.00'}%` : 'N/A';
}

function phaseOf({ claim, pod }: DiskFacts): string {
  if (pod?.status?.phase === 'Succeeded') return 'Succeeded';
  if (claim?.status?.phase !== 'Bound') return 'Pending';
  return importer(pod)?.state?.running ? 'ImportInProgress' : 'ImportScheduled';
}

function importer(pod: Kube<Pod> | undefined): ContainerStatus | undefined {
  return pod?.status?.containerStatuses?.[0];
}

function findings(facts: DiskFacts, phase: string): Finding[] {
  const { claim, disk } = facts;
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
    running(facts, done),
  ];
}

function running({ pod, waitsFor, progress }: DiskFacts, done: boolean): Finding {
  const of = (status: 'True' | 'False', reason: string, message: string): Finding => ({ type: 'Running', status, reason, message });
  if (done) return of('False', 'Completed', 'Import Complete');
  if (waitsFor !== undefined) return of('False', 'Waiting', waitsFor);
  const failure = lastFailure(pod);
  if (failure !== undefined) return of('False', 'Error', failure);
  const { state } = importer(pod) ?? {};
  if (state?.running) return of('True', 'Pod is running', doing(progress));
  const { reason = 'Pending', message = 'The importer has not started.' } = state?.waiting ?? {};
  return of('False', reason, message);
}

function doing({ fetched }: Partial<DiskProgress> = {}): string {
  return fetched === undefined ? 'The disk is being written.' : `The disk image is fetched: ${fetched}.`;
}

function lastFailure(pod: Kube<Pod> | undefined): string | undefined {
  const { state, lastState } = importer(pod) ?? {};
  return failureOf(lastState) ?? failureOf(state);
}

function failureOf(state: ContainerState | undefined): string | undefined {
  const { exitCode = 0, message = `The importer ended with code ${exitCode}.` } = state?.terminated ?? {};
  return exitCode === 0 ? undefined : message.trim();
}
