import { rfc3339 } from '@crownlabs/std';
import type { Finding } from '../../conditions.ts';
import { wholeSecond } from '../span.ts';
import type { UnusedPlan } from './desired.ts';

/** The conditions that this controller writes. */
export const UNUSED_CONDITIONS = ['StopScheduled', 'DeletionScheduled'] as const;

/** When an instance will be stopped or deleted, once that is worth telling. */
export function unusedFindings(plan: UnusedPlan | undefined, persistent: boolean, now: number): Finding[] {
  if (!plan || now < plan.tellFrom) return [];
  const at = rfc3339(wholeSecond(plan.step.do === 'act' ? now : plan.step.actAt));
  const since = rfc3339(plan.unusedSince);
  if (plan.what === 'delete') {
    const message = `Nobody has started it since ${since}. It is deleted with its disk at ${at} unless it is started.`;
    return [{ type: 'DeletionScheduled', status: 'True', reason: 'LeftStopped', message }];
  }
  const message = persistent
    ? `Nobody has used it since ${since}. It is stopped at ${at} unless it is used; its disk is kept.`
    : `Nobody has used it since ${since}. It is deleted at ${at} unless it is used, because it keeps no disk.`;
  return [{ type: 'StopScheduled', status: 'True', reason: persistent ? 'Unused' : 'UnusedWithoutDisk', message }];
}
