import { type Instance, instances } from '@crownlabs/api';
import type { Requeue } from '@crownlabs/controller';
import { hasCode, rfc3339 } from '@crownlabs/std';
import { type Letter, noticeOf } from '../letter.ts';
import type { Posted } from '../outbox.ts';
import type { Subject } from '../parts.ts';
import { deleteAsSeen } from '../report.ts';
import type { UnusedPlan } from './desired.ts';
import { isPersistent } from './facts.ts';
import type { InactivityParts } from './parts.ts';

/** What a step has led to. */
export interface Outcome {
  readonly instance: Instance;
  readonly gone: boolean;
  readonly again: Requeue;
}

interface Case {
  readonly subject: Subject;
  readonly plan: UnusedPlan | undefined;
  readonly certain: boolean;
}

/** A last word that cannot be sent holds a deletion up for this long and no longer. */
const LAST_WORD_MS = 3_600_000;

/** Does what is next: a warning, a stop, a deletion, or nothing yet. */
export async function act(parts: InactivityParts, { subject, plan, certain }: Case, signal: AbortSignal): Promise<Outcome> {
  const { instance } = subject;
  const told = await tellOfStop(parts, subject, signal);
  if (told) return told;
  if (!plan || plan.step.do === 'wait' || !certain) return { instance, gone: false, again: undefined };
  if (plan.step.do === 'warn') return warn(parts, { subject, plan, ordinal: plan.step.ordinal, actAt: plan.step.actAt }, signal);
  if (plan.what === 'stop' && isPersistent(subject.template)) return stop(parts, subject, plan);
  return remove(parts, subject, plan, signal);
}

async function warn(
  { outbox, lab, clock }: InactivityParts,
  { subject, plan, ordinal, actAt }: { subject: Subject; plan: UnusedPlan; ordinal: number; actAt: number },
  signal: AbortSignal,
): Promise<Outcome> {
  const { instance } = subject;
  const stops = plan.what === 'stop';
  const posted = await post(outbox, subject, signal, {
    name: stops ? 'inactivity-warning' : 'destruction-warning',
    id: idOf(stops ? 'inactivity-warning' : 'destruction-warning', plan, ordinal),
    actAt,
    keep: stops ? 'running' : 'stopped',
  });
  if (!posted.done) return { instance, gone: false, again: { afterMs: posted.afterMs } };
  const annotations = {
    [plan.counter.sent]: String(ordinal),
    [plan.counter.lastSent]: rfc3339(clock.now()),
    ...outbox?.cleared,
  };
  const { name, namespace } = instance.metadata;
  // The write brings us back, and then the next appointment is made.
  return { instance: await lab.client.patch(instances, name, namespace, { metadata: { annotations } }), gone: false, again: undefined };
}

/** Its owner hears of it afterwards; that this is still to be done is written with the stop itself. */
async function stop({ lab, outbox, events, log }: InactivityParts, { instance }: Subject, plan: UnusedPlan): Promise<Outcome> {
  const { name, namespace, resourceVersion } = instance.metadata;
  const annotations = outbox?.queued(idOf('inactivity-stopped', plan, 0)) ?? {};
  // Whoever came back a moment ago has changed the instance, and this fails.
  const patch = { metadata: { resourceVersion, annotations }, spec: { running: false } };
  const stopped = await lab.client.patch(instances, name, namespace, patch);
  const message = `Stopped: nobody has used it since ${rfc3339(plan.unusedSince)}.`;
  events.record(stopped, { type: 'Normal', reason: 'StoppedUnused', message });
  log.info('Instance was stopped because nobody used it', { instance: name, namespace, since: rfc3339(plan.unusedSince) });
  return { instance: stopped, gone: false, again: undefined };
}

/** Its owner hears of it just before: afterwards nothing would remember that somebody is to be told. */
async function remove(parts: InactivityParts, subject: Subject, plan: UnusedPlan, signal: AbortSignal): Promise<Outcome> {
  const { lab, outbox, clock, log, events } = parts;
  const name = plan.what === 'stop' ? 'inactivity-deleted' : 'destruction';
  const posted = await post(outbox, subject, signal, { name, id: idOf(name, plan, 0) });
  if (!posted.done && clock.now() < posted.since + LAST_WORD_MS) {
    return { instance: subject.instance, gone: false, again: { afterMs: posted.afterMs } };
  }
  const { metadata } = posted.done ? posted.instance : subject.instance;
  await deleteAsSeen(lab, metadata);
  const message = `Deleted: nobody has ${plan.what === 'stop' ? 'used' : 'started'} it since ${rfc3339(plan.unusedSince)}.`;
  events.record(subject.instance, { type: 'Normal', reason: 'DeletedUnused', message });
  log.info('Instance was deleted because nobody used it', { instance: metadata.name, namespace: metadata.namespace });
  return { instance: subject.instance, gone: true, again: undefined };
}

/** A stop of which the owner was not told yet: perhaps because we were restarted, or the mail server was. */
async function tellOfStop({ outbox, lab }: InactivityParts, subject: Subject, signal: AbortSignal): Promise<Outcome | undefined> {
  const { instance } = subject;
  const id = outbox?.pending(instance);
  if (!outbox || instance.spec.running || !id?.startsWith('inactivity-stopped/')) return undefined;
  const posted = await post(outbox, subject, signal, { name: 'inactivity-stopped', id });
  if (!posted.done) return { instance, gone: false, again: { afterMs: posted.afterMs } };
  const { name, namespace } = instance.metadata;
  const told = await lab.client.patch(instances, name, namespace, { metadata: { annotations: outbox.cleared } });
  return { instance: told, gone: false, again: undefined };
}

/** Without a post all is said already. */
async function post(outbox: InactivityParts['outbox'], subject: Subject, signal: AbortSignal, letter: Letter): Promise<Posted> {
  const { tenant, instance } = subject;
  if (!outbox || (tenant?.spec.email ?? '') === '') return { done: true, instance };
  try {
    return await outbox.send(instance, noticeOf(subject, letter), signal);
  } catch (error) {
    // Deleted meanwhile: nobody is to be told anything.
    if (hasCode(error, 'NotFound')) return { done: true, instance };
    throw error;
  }
}

function idOf(name: string, { unusedSince }: UnusedPlan, ordinal: number): string {
  return [name, unusedSince / 1000, ordinal].join('/');
}
