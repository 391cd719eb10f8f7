import { type Instance, instances } from '@crownlabs/api';
import type { Reconcile } from '@crownlabs/controller';
import { type Backoff, backoffDelay, messageOf } from '@crownlabs/std';
import type { OutsideGuard } from '../outside.ts';
import { type AutomationParts, type Subject, subjectOf } from '../parts.ts';
import { reportFindings } from '../report.ts';
import { checkedEnvironments, type ExamAnswer, isWatched, knownEnd, lastCheck, readAnswer, terminationPatch } from './desired.ts';

/** What the termination controller works with. */
export interface TerminationParts extends AutomationParts {
  readonly outside: OutsideGuard;
}

const BACKOFF: Backoff = { baseMs: 5_000, capMs: 60_000 };
const CONDITION = 'ExamStatusKnown';

/** Asks the examiner's system whether an exam is over, and ends it when it is. */
export function terminationReconciler(parts: TerminationParts): Reconcile {
  const { rules, clock } = parts;
  const failures = new Failures();
  return async ({ name, namespace = '' }, signal) => {
    const key = `${namespace}/${name}`;
    const subject = subjectOf(parts, name, namespace);
    // The environments' status is where the answer goes; its own controller makes it.
    if (!subject || !isWatched(subject.instance) || !subject.instance.status?.environments?.length) {
      failures.forget(key);
      return undefined;
    }
    const now = clock.now();
    const early = Math.max(nextCheck(subject, rules.statusCheckIntervalMs), failures.nextTry(key)) - now;
    if (early > 0) {
      // Whoever wrote the status a moment later may not have seen what was said.
      await repeatTrouble(parts, subject, failures.trouble(key));
      return { afterMs: early };
    }
    const answer = await ask(parts, subject, signal);
    if ('trouble' in answer) {
      await tellTrouble(parts, subject, answer.trouble);
      return { afterMs: failures.add(key, now, answer.trouble) };
    }
    failures.forget(key);
    await learn(parts, subject, answer);
    if (answer.over) return end(parts, subject);
    return { afterMs: Math.min(rules.statusCheckIntervalMs, untilEnd(answer.deadline, now)) };
  };
}

/** Who did not answer, and when to ask again: later and later, whatever else brings the instance to mind. */
class Failures {
  readonly #known = new Map<string, { count: number; nextAt: number; trouble: string }>();

  nextTry(key: string): number {
    return this.#known.get(key)?.nextAt ?? 0;
  }

  trouble(key: string): string | undefined {
    return this.#known.get(key)?.trouble;
  }

  add(key: string, now: number, trouble: string): number {
    const count = this.#known.get(key)?.count ?? 0;
    const afterMs = backoffDelay(BACKOFF, count);
    this.#known.set(key, { count: count + 1, nextAt: now + afterMs, trouble });
    return afterMs;
  }

  forget(key: string): void {
    this.#known.delete(key);
  }
}

/** An interval after the last time; and once more at the very end, so that nobody waits for it. */
function nextCheck({ instance }: Subject, intervalMs: number): number {
  const last = lastCheck(instance);
  if (last === undefined) return 0;
  const end = knownEnd(instance);
  return end !== undefined && end > last ? Math.min(end, last + intervalMs) : last + intervalMs;
}

function untilEnd(deadline: number | undefined, now: number): number {
  return deadline !== undefined && deadline > now ? deadline - now + 1_000 : Number.POSITIVE_INFINITY;
}

async function ask(
  { outside, rules }: TerminationParts,
  { instance }: Subject,
  signal: AbortSignal,
): Promise<ExamAnswer | { trouble: string }> {
  try {
    const { status, body } = await outside.fetch(instance.spec.statusCheckUrl ?? '', { timeoutMs: rules.statusCheckTimeoutMs, signal });
    return readAnswer(status, body) ?? { trouble: `The system of the exam answered ${status}.` };
  } catch (error) {
    signal.throwIfAborted();
    return { trouble: messageOf(error) };
  }
}

async function learn({ lab, clock }: TerminationParts, { instance }: Subject, answer: ExamAnswer): Promise<void> {
  const { name, namespace, resourceVersion } = instance.metadata;
  const environments = checkedEnvironments(instance, answer, clock.now());
  const conditions = (instance.status?.conditions ?? []).filter(({ type }) => type !== CONDITION);
  // Lists are replaced whole, so they must be the latest.
  const patch = { metadata: { resourceVersion }, status: { environments, conditions } };
  await lab.client.patch(instances, name, namespace, patch, { subresource: 'status' });
}

async function end({ lab, events, log }: TerminationParts, { instance, template }: Subject): Promise<undefined> {
  const { name, namespace } = instance.metadata;
  await lab.client.patch(instances, name, namespace, terminationPatch(instance, template));
  events.record(instance, { type: 'Normal', reason: 'ExamEnded', message: 'The exam is over: the environment is stopped.' });
  log.info('Instance was stopped because its exam is over', { instance: name, namespace });
  return undefined;
}

/** Never the address: it may hold a key. */
async function tellTrouble(parts: TerminationParts, { instance }: Subject, trouble: string): Promise<void> {
  const message = troubleText(trouble);
  parts.events.record(instance, { type: 'Warning', reason: 'StatusCheckFailed', message });
  await reportTrouble(parts, instance, message);
}

async function repeatTrouble(parts: TerminationParts, { instance }: Subject, trouble: string | undefined): Promise<void> {
  if (trouble !== undefined) await reportTrouble(parts, instance, troubleText(trouble));
}

function troubleText(trouble: string): string {
  return `Whether the exam is over could not be asked: ${trouble} It is tried again.`;
}

async function reportTrouble({ lab, clock }: TerminationParts, instance: Instance, message: string): Promise<void> {
  const found = [{ type: CONDITION, status: 'False', reason: 'StatusCheckFailed', message } as const];
  await reportFindings(lab, instance, { types: [CONDITION], found, now: clock.now() });
}
