import type { VirtCondition } from './kinds/guest-schema.ts';

/** One aspect as it is now. */
export interface Finding {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
}

/** Conditions out of findings: what did not change keeps its time. */
export function conditionsFrom(findings: readonly Finding[], before: readonly VirtCondition[] | undefined, now: number): VirtCondition[] {
  return findings.map((finding) => {
    const old = before?.find(({ type }) => type === finding.type);
    const since = old?.status === finding.status ? old.lastTransitionTime : undefined;
    return { ...finding, lastTransitionTime: since ?? new Date(now).toISOString() };
  });
}

/** The fields that have a value. */
export function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  // Only what was undefined is gone.
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The condition of that type. */
export function conditionOf(
  status: { readonly conditions?: readonly VirtCondition[] | undefined } | undefined,
  type: string,
): VirtCondition | undefined {
  return status?.conditions?.find((it) => it.type === type);
}
