import { ANNOTATION, instances, USE_NAMESPACE } from '@crownlabs/api';
import { leases } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { messageOf } from '@crownlabs/std';
import { canBeTold } from '../letter.ts';
import { type Subject, subjectOf } from '../parts.ts';
import { reportFindings } from '../report.ts';
import type { WarningPlan } from '../warnings.ts';
import { act } from './act.ts';
import { bookkeeping, unusedPlan, withNotes } from './desired.ts';
import { isPersistent, type UnusedFacts } from './facts.ts';
import type { InactivityParts } from './parts.ts';
import { UNUSED_CONDITIONS, unusedFindings } from './status.ts';

// A machine that slept counts its waking time only, so even what is due in a month is looked at four times a day.
const LONGEST_WAIT_MS = 6 * 3_600_000;
const ASK_AGAIN_MS = 60_000;
/** What is due is looked at a moment later: the wire has whole seconds. */
const MARGIN_MS = 1_000;

/** Stops what nobody uses and deletes what nobody starts, after telling its owner. */
export function inactivityReconciler(parts: InactivityParts): Reconcile {
  const { lab, clock } = parts;
  return async ({ name, namespace = '' }, signal) => {
    const subject = subjectOf(parts, name, namespace);
    await forgetOthers(parts, `${namespace}/${name}`);
    if (!subject) return undefined;
    const activity = await lastUse(parts, subject, signal);
    const facts = factsOf(parts, subject, activity.at);
    const notes = bookkeeping(facts);
    const instance =
      Object.keys(notes).length === 0
        ? subject.instance
        : withNotes(await lab.client.patch(instances, name, namespace, { metadata: { annotations: notes } }), notes);
    const plan = unusedPlan({ ...facts, instance });
    const done = { ...subject, instance };
    const outcome = await act(parts, { subject: done, plan, certain: activity.certain }, signal);
    if (outcome.gone) return undefined;
    const found = unusedFindings(plan, isPersistent(subject.template), facts.now);
    await reportFindings(lab, outcome.instance, { types: UNUSED_CONDITIONS, found, now: clock.now() });
    return soonest([outcome.again, activity.askAgain, plan && nextLook(plan.step, plan.tellFrom, facts.now)]);
  };
}

function factsOf({ rules, post, clock, exempt }: InactivityParts, subject: Subject, usedAt: number | undefined): UnusedFacts {
  const { instance, template } = subject;
  const told = post !== undefined && canBeTold(subject);
  const count = warningsOf(template.metadata.annotations?.[ANNOTATION.customNumberAlerts], rules.warnings);
  const plan = (intervalMs: number): WarningPlan | undefined => (told ? { count, intervalMs } : undefined);
  return {
    instance,
    template,
    usedAt,
    ignored: exempt.inactivity.get(instance.metadata.namespace ?? '') !== undefined,
    stopPlan: plan(rules.inactivityIntervalMs),
    deletePlan: plan(rules.destructionIntervalMs),
    now: clock.now(),
  };
}

function warningsOf(text: string | undefined, usual: number): number {
  return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : usual;
}

interface Activity {
  readonly at: number | undefined;
  /** False: a source could not tell, so nothing may be done for its silence. */
  readonly certain: boolean;
  readonly askAgain: Requeue;
}

async function lastUse({ sources, log }: InactivityParts, { instance, template }: Subject, signal: AbortSignal): Promise<Activity> {
  const asked = instance.spec.running ? sources : sources.filter(({ askEveryMs }) => askEveryMs === undefined);
  const answers = await Promise.allSettled(asked.map((source) => source.lastUse(instance, template, signal)));
  const times = answers.flatMap((it) => (it.status === 'fulfilled' && it.value !== undefined ? [it.value] : []));
  const failures = answers.filter((it) => it.status === 'rejected');
  for (const { reason } of failures)
    log.warn('Activity could not be asked for', { instance: instance.metadata.name, error: messageOf(reason) });
  const every = asked.flatMap(({ askEveryMs }) => askEveryMs ?? []);
  // Not all at the same moment.
  const pause = failures.length > 0 ? ASK_AGAIN_MS : Math.min(...every) * (1 / 6 + (Math.random() * 5) / 6);
  return {
    at: times.length > 0 ? Math.max(...times) : undefined,
    certain: failures.length === 0,
    askAgain: Number.isFinite(pause) ? { afterMs: pause } : undefined,
  };
}

function nextLook(step: { readonly do: string; readonly until?: number }, tellFrom: number, now: number): Requeue {
  if (step.until === undefined) return undefined;
  const at = now < tellFrom ? Math.min(tellFrom, step.until) : step.until;
  return { afterMs: Math.min(at - now + MARGIN_MS, LONGEST_WAIT_MS) };
}

function soonest(all: readonly Requeue[]): Requeue {
  const times = all.flatMap((it) => (it ? [it.afterMs] : []));
  return times.length > 0 ? { afterMs: Math.min(...times) } : undefined;
}

/** Reports of an Instance that is gone, or of a namesake before it. */
async function forgetOthers({ reports, lab, outbox }: InactivityParts, holder: string): Promise<void> {
  const [namespace = '', name = ''] = holder.split('/');
  const living = lab.instances.get(name, namespace)?.metadata.uid;
  if (living === undefined) outbox?.forget({ namespace, name });
  for (const { metadata } of reports.byIndex('holder', holder)) {
    if (metadata.name === living) continue;
    await lab.client.delete(leases, metadata.name, USE_NAMESPACE);
  }
}
