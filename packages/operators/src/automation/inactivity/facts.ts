import type { Instance, Template } from '@crownlabs/api';
import type { WarningPlan } from '../warnings.ts';

/** What a decision about an unused Instance may depend on. */
export interface UnusedFacts {
  readonly instance: Instance;
  readonly template: Template;
  /** When somebody used it, as far as anyone saw. */
  readonly usedAt: number | undefined;
  /** Its namespace is exempt. */
  readonly ignored: boolean;
  /** How people are warned; absent where they cannot be. */
  readonly stopPlan: WarningPlan | undefined;
  readonly deletePlan: WarningPlan | undefined;
  readonly now: number;
}

/** Whether a stop keeps anything on disk. */
export function isPersistent({ spec }: Template): boolean {
  return spec.environmentList.some(({ persistent }) => persistent);
}
