import type { Condition } from '@crownlabs/api';
import { rfc3339 } from '@crownlabs/std';

/** What a condition says, without when it began to say so. */
export interface Finding {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** The findings as conditions: the time of a status that did not change is kept. */
export function conditionsFrom(findings: readonly Finding[], before: readonly Condition[] | undefined, now: number): Condition[] {
  return findings.map((finding) => {
    const old = before?.find((it) => it.type === finding.type);
    const lastTransitionTime = old?.status === finding.status ? old.lastTransitionTime : rfc3339(now);
    return { ...finding, lastTransitionTime };
  });
}
