import { ANNOTATION, type Instance, type Template } from '@crownlabs/api';
import { rfc3339 } from '@crownlabs/std';
import type { Finding } from '../../conditions.ts';
import { spanMs, timeOf, wholeSecond } from '../span.ts';
import { nextStep, type WarningPlan, type WarningStep } from '../warnings.ts';

/** What a decision about an Instance's age may depend on. */
export interface AgeFacts {
  readonly instance: Instance;
  readonly template: Template;
  /** When its owner asked to keep it, as the doors reported. */
  readonly keptAt: number | undefined;
  readonly ignored: boolean;
  readonly plan: WarningPlan | undefined;
  readonly now: number;
}

/** When an instance expires, and what is next. */
export interface AgePlan {
  readonly due: number;
  readonly kept: boolean;
  readonly step: WarningStep;
}

/** An instance lives as long as its template says; kept by its owner, once as long again. */
export function agePlan({ instance, template, ignored, plan, now }: AgeFacts): AgePlan | undefined {
  const { annotations = {}, creationTimestamp } = instance.metadata;
  const after = spanMs(template.spec.cleanup.deleteAfterCreation);
  const made = timeOf(creationTimestamp);
  if (ignored || after === undefined || made === undefined) return undefined;
  const keptAt = timeOf(annotations[ANNOTATION.keptFromExpiration]);
  const due = Math.max(made, keptAt ?? 0) + after;
  const warnedAt = timeOf(annotations[ANNOTATION.expiringWarning]);
  const step = nextStep({ due, sent: warnedAt === undefined ? 0 : 1, lastSentAt: warnedAt, plan, now });
  return { due, kept: keptAt !== undefined, step };
}

/** What is to be written down when its owner has kept it. It can be done once. */
export function keptNotes({ instance, keptAt }: AgeFacts): Record<string, string | null> {
  const { annotations = {} } = instance.metadata;
  const warnedAt = timeOf(annotations[ANNOTATION.expiringWarning]);
  if (keptAt === undefined || warnedAt === undefined || annotations[ANNOTATION.keptFromExpiration] !== undefined) return {};
  if (wholeSecond(keptAt) < warnedAt) return {};
  return {
    [ANNOTATION.keptFromExpiration]: rfc3339(wholeSecond(keptAt)),
    [ANNOTATION.expiringWarning]: null,
    [ANNOTATION.expirationMail]: null,
  };
}

/** When it will be deleted for its age: known from the first moment. */
export function ageFindings(plan: AgePlan | undefined, now: number): Finding[] {
  if (!plan) return [];
  const at = rfc3339(wholeSecond(plan.step.do === 'act' ? now : plan.step.actAt));
  const message = `It is deleted at ${at}, because its template gives it no more time. Save elsewhere what you want to keep.`;
  return [{ type: 'Expires', status: 'True', reason: plan.kept ? 'KeptOnce' : 'TimeLimit', message }];
}
