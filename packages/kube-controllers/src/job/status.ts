import type { jobs } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { JobCondition, JobStatus } from 'kubernetes-types/batch/v1.js';
import type { KindOf } from '../cluster.ts';
import { isActive, isReady, isTerminating, type Pod } from '../pod-state.ts';

/** A Job as the client reads it. */
export type Job = KindOf<typeof jobs>;

/** How a Job stands. */
export interface Progress {
  readonly active: readonly Pod[];
  readonly succeeded: readonly Pod[];
  readonly failed: readonly Pod[];
  readonly terminating: number;
  /** Failures that count against the back-off limit: failed pods, and restarts of containers in live ones. */
  readonly failures: number;
  readonly outcome: Outcome | undefined;
}

/** How a Job ended. */
export interface Outcome {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** Looks at the pods of a Job. */
export function progressOf(job: Job, pods: readonly Pod[], now: number): Progress {
  const succeeded = pods.filter(({ status }) => status?.phase === 'Succeeded');
  // A pod that was deleted before it ended did not do its work.
  const failed = pods.filter(
    ({ status, metadata }) => status?.phase === 'Failed' || (metadata.deletionTimestamp !== undefined && status?.phase !== 'Succeeded'),
  );
  const active = pods.filter(isActive);
  const restarts = job.spec?.template?.spec?.restartPolicy === 'OnFailure' ? active.reduce((sum, pod) => sum + restartsOf(pod), 0) : 0;
  const failures = failed.length + restarts;
  const terminating = pods.filter(isTerminating).length;
  return {
    active,
    succeeded,
    failed,
    terminating,
    failures,
    outcome: finishedOutcome(job) ?? outcomeOf(job, { succeeded, active, failures }, now),
  };
}

function restartsOf({ status }: Pod): number {
  return (status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

/** The outcome that the status records: it never changes again. */
export function finishedOutcome({ status }: Job): Outcome | undefined {
  const condition = status?.conditions?.find(({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True');
  if (!condition) return undefined;
  const type = condition.type === 'Complete' ? 'Complete' : 'Failed';
  return { type, reason: condition.reason ?? '', message: condition.message ?? '' };
}

function outcomeOf(
  job: Job,
  { succeeded, active, failures }: Pick<Progress, 'succeeded' | 'active' | 'failures'>,
  now: number,
): Outcome | undefined {
  const { backoffLimit = 6, completions, activeDeadlineSeconds, suspend } = job.spec ?? {};
  if (suspend) return undefined;
  if (failures > backoffLimit) {
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  const started = Date.parse(job.status?.startTime ?? '');
  if (activeDeadlineSeconds !== undefined && started + activeDeadlineSeconds * 1000 <= now) {
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  }
  // Without a number of completions one success is enough, once the others have ended too.
  const done = completions === undefined ? succeeded.length > 0 && active.length === 0 : doneCount(job, succeeded) >= completions;
  return done ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' } : undefined;
}

function doneCount({ spec }: Job, succeeded: readonly Pod[]): number {
  return isIndexed(spec) ? new Set(succeeded.map(indexOf)).size : succeeded.length;
}

/** Whether each pod of the Job has a number of its own. */
export function isIndexed(spec: Job['spec']): boolean {
  return spec?.completionMode === 'Indexed';
}

/** The number of an indexed Job's pod. */
export function indexOf({ metadata }: Pod): number {
  return Number(metadata.annotations?.['batch.kubernetes.io/job-completion-index'] ?? -1);
}

/** What a Job's status should say. */
export function observe(job: Job, progress: Progress, now: number): JobStatus {
  const time = rfc3339(now);
  const suspended = job.spec?.suspend === true;
  const { startTime = time, completionTime = time, conditions = [] } = job.status ?? {};
  return {
    ...countsOf(progress),
    ...(!suspended && { startTime }),
    ...(progress.outcome?.type === 'Complete' && { completionTime }),
    ...(isIndexed(job.spec) &&
      progress.succeeded.length > 0 && { completedIndexes: ranges([...new Set(progress.succeeded.map(indexOf))]) }),
    conditions: conditionsOf(conditions, progress.outcome, suspended, time),
    terminating: progress.terminating,
    uncountedTerminatedPods: {},
  };
}

function countsOf({ active, succeeded, failed, outcome }: Progress): Partial<Record<'active' | 'ready' | 'succeeded' | 'failed', number>> {
  const running = outcome ? [] : active;
  const counts = { active: running.length, ready: running.filter(isReady).length, succeeded: succeeded.length, failed: failed.length };
  return Object.fromEntries(Object.entries(counts).filter(([key, value]) => value > 0 || key === 'ready'));
}

function conditionsOf(before: readonly JobCondition[], outcome: Outcome | undefined, suspended: boolean, time: string): JobCondition[] {
  const said: Pick<JobCondition, 'type' | 'status' | 'reason' | 'message'>[] = [];
  const wasSuspended = before.some(({ type }) => type === 'Suspended');
  if (suspended) said.push({ type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' });
  else if (wasSuspended) said.push({ type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' });
  if (outcome) {
    const early = outcome.type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    said.push({ ...outcome, type: early, status: 'True' }, { ...outcome, status: 'True' });
  }
  return said.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    if (known?.status === condition.status) return known;
    return { ...condition, lastProbeTime: time, lastTransitionTime: time };
  });
}

/** `0-2,5`. */
function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else parts.push([number, number]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
