import type { Happening } from '@crownlabs/client';
import type { JobCondition, JobStatus } from 'kubernetes-types/batch/v1.js';
import type { Job } from './status.ts';

/** What the step from a Job's present status to the next one is, in the words that Kubernetes has for it. */
export function happenings(job: Job, next: JobStatus): Happening[] {
  const before = job.status?.conditions ?? [];
  return (next.conditions ?? []).filter((condition) => isNews(condition, before)).flatMap((condition) => told(condition) ?? []);
}

function isNews({ type, status }: JobCondition, before: readonly JobCondition[]): boolean {
  return before.find((one) => one.type === type)?.status !== status;
}

function told({ type, status, reason = '', message = '' }: JobCondition): Happening | undefined {
  if (type === 'Suspended') {
    return status === 'True'
      ? { type: 'Normal', reason: 'Suspended', message: 'Job suspended' }
      : { type: 'Normal', reason: 'Resumed', message: 'Job resumed' };
  }
  if (type === 'Complete') return { type: 'Normal', reason: 'Completed', message: 'Job completed' };
  return type === 'Failed' ? { type: 'Warning', reason, message } : undefined;
}
