import { ANNOTATION, type Instance, instances, USE_NAMESPACE } from '@crownlabs/api';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { rfc3339 } from '@crownlabs/std';
import type { UseReports } from '../activity/doors.ts';
import { withNotes } from '../inactivity/desired.ts';
import { canBeTold, type Letter, noticeOf } from '../letter.ts';
import type { Outbox, Posted } from '../outbox.ts';
import { type AutomationParts, type Subject, subjectOf } from '../parts.ts';
import { deleteAsSeen, reportFindings } from '../report.ts';
import { timeOf } from '../span.ts';
import { type AgeFacts, type AgePlan, ageFindings, agePlan, keptNotes } from './desired.ts';

/** What the expiration controller works with. */
export interface ExpirationParts extends AutomationParts {
  readonly reports: UseReports;
  readonly outbox: Outbox | undefined;
}

const LONGEST_WAIT_MS = 6 * 3_600_000;
const LAST_WORD_MS = 3_600_000;
const MARGIN_MS = 1_000;

/** Deletes Instances that are as old as their template allows, after telling their owners. */
export function expirationReconciler(parts: ExpirationParts): Reconcile {
  const { lab, clock } = parts;
  return async ({ name, namespace = '' }, signal) => {
    const subject = subjectOf(parts, name, namespace);
    if (!lab.instances.get(name, namespace)) parts.outbox?.forget({ namespace, name });
    if (!subject) return undefined;
    const facts = factsOf(parts, subject);
    const notes = keptNotes(facts);
    const instance = Object.keys(notes).length === 0 ? subject.instance : await write(parts, subject.instance, notes);
    const plan = agePlan({ ...facts, instance });
    const outcome = plan ? await act(parts, { subject: { ...subject, instance }, plan }, signal) : { instance, again: undefined };
    if (!outcome) return undefined;
    await reportFindings(lab, outcome.instance, { types: ['Expires'], found: ageFindings(plan, facts.now), now: clock.now() });
    const until = plan?.step.do === 'wait' ? Math.min(plan.step.until - facts.now + MARGIN_MS, LONGEST_WAIT_MS) : undefined;
    return outcome.again ?? (until === undefined ? undefined : { afterMs: until });
  };
}

function factsOf({ rules, outbox, clock, exempt, reports }: ExpirationParts, subject: Subject): AgeFacts {
  const { instance, template } = subject;
  const report = reports.get(instance.metadata.uid ?? '', USE_NAMESPACE);
  const told = outbox !== undefined && canBeTold(subject);
  return {
    instance,
    template,
    keptAt: timeOf(report?.metadata.annotations?.[ANNOTATION.keptFromExpiration]),
    ignored: exempt.expiration.get(instance.metadata.namespace ?? '') !== undefined,
    plan: told ? { count: 1, intervalMs: rules.expirationIntervalMs } : undefined,
    now: clock.now(),
  };
}

interface Outcome {
  readonly instance: Instance;
  readonly again: Requeue;
}

/** `undefined`: it is gone. */
async function act(
  parts: ExpirationParts,
  { subject, plan }: { subject: Subject; plan: AgePlan },
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  const { clock } = parts;
  const { instance } = subject;
  const id = (name: string) => `${name}/${plan.due / 1000}`;
  if (plan.step.do === 'wait') return { instance, again: undefined };
  if (plan.step.do === 'act') return remove(parts, subject, { name: 'expiration', id: id('expiration') }, signal);
  const { actAt } = plan.step;
  const letter: Letter = { name: 'expiration-warning', id: id('expiration-warning'), actAt, ...(plan.kept ? {} : { keep: 'expiring' }) };
  const posted = await post(parts, subject, letter, signal);
  if (!posted.done) return { instance, again: { afterMs: posted.afterMs } };
  const notes = { [ANNOTATION.expiringWarning]: rfc3339(clock.now()), ...parts.outbox?.cleared };
  return { instance: await write(parts, instance, notes), again: undefined };
}

async function remove(parts: ExpirationParts, subject: Subject, letter: Letter, signal: AbortSignal): Promise<Outcome | undefined> {
  const { lab, clock, events, log } = parts;
  const { instance } = subject;
  const posted = await post(parts, subject, letter, signal);
  if (!posted.done && clock.now() < posted.since + LAST_WORD_MS) return { instance, again: { afterMs: posted.afterMs } };
  const { metadata } = posted.done ? posted.instance : instance;
  await deleteAsSeen(lab, metadata);
  events.record(instance, { type: 'Normal', reason: 'Expired', message: 'Deleted: its template gives it no more time.' });
  log.info('Instance was deleted because it expired', { instance: metadata.name, namespace: metadata.namespace });
  return undefined;
}

async function post({ outbox }: ExpirationParts, subject: Subject, letter: Letter, signal: AbortSignal): Promise<Posted> {
  if (!outbox || !canBeTold(subject)) return { done: true, instance: subject.instance };
  return outbox.send(subject.instance, noticeOf(subject, letter), signal);
}

async function write({ lab }: ExpirationParts, instance: Instance, notes: Record<string, string | null>): Promise<Instance> {
  const { name, namespace } = instance.metadata;
  return withNotes(await lab.client.patch(instances, name, namespace, { metadata: { annotations: notes } }), notes);
}
