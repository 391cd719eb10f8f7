import { type Environment, type Instance, instances, LABEL } from '@crownlabs/api';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { hasCode, rfc3339 } from '@crownlabs/std';
import type { Finding } from '../../conditions.ts';
import { labelValue } from '../../instance/labels.ts';
import type { OutsideGuard } from '../outside.ts';
import { type AutomationParts, type Subject, subjectOf } from '../parts.ts';
import { reportFindings } from '../report.ts';
import { submittable } from '../termination/desired.ts';
import { jobOutcome, submitterJob, submitterName } from './desired.ts';

/** What the submission controller works with. */
export interface SubmissionParts extends AutomationParts {
  readonly outside: OutsideGuard;
}

type Outcome = ReturnType<typeof jobOutcome> | 'waiting' | 'refused';

interface Handed {
  readonly environment: Environment;
  readonly outcome: Outcome;
  readonly why?: string;
}

const CHECK_AGAIN_MS = 60_000;

/** Hands in the work of Instances whose exam is over, once. */
export function submissionReconciler(parts: SubmissionParts): Reconcile {
  return async ({ name, namespace = '' }) => {
    const subject = subjectOf(parts, name, namespace);
    if (!subject || !isRequested(subject.instance)) return undefined;
    const handed = await Promise.all(submittable(subject.instance, subject.template).map((it) => handIn(parts, subject, it)));
    if (handed.every(({ outcome }) => outcome === 'done')) return complete(parts, subject);
    await tell(parts, subject, handed);
    return handed.some(({ outcome }) => outcome === 'refused') ? ({ afterMs: CHECK_AGAIN_MS } satisfies Requeue) : undefined;
  };
}

function isRequested({ metadata: { labels = {} } }: Instance): boolean {
  return labels[LABEL.submissionRequested] === 'true' && labels[LABEL.submissionCompleted] !== 'true';
}

async function handIn(
  parts: SubmissionParts,
  { instance }: Subject,
  { environment, destination }: { environment: Environment; destination: string },
): Promise<Handed> {
  const { lab, config, outside } = parts;
  const { name, namespace = '' } = instance.metadata;
  const outcome = jobOutcome(lab.jobs.get(submitterName(instance, environment), namespace));
  if (outcome !== 'missing') return { environment, outcome };
  // What is written while it is read would be half of it.
  if (instance.spec.running || lab.pods.byIndex('environment', `${namespace}/${labelValue(name)}/${environment.name}`).length > 0) {
    return { environment, outcome: 'waiting' };
  }
  try {
    await outside.check(destination);
    await lab.converger.ensure(submitterJob(instance, environment, { destination, image: config.contentToolsImage }));
  } catch (error) {
    if (!hasCode(error, 'Forbidden', 'Invalid')) throw error;
    return { environment, outcome: 'refused', why: error.message };
  }
  return { environment, outcome: 'running' };
}

async function complete({ lab, clock, events }: SubmissionParts, { instance, template }: Subject): Promise<undefined> {
  const { name, namespace, resourceVersion } = instance.metadata;
  const handed = new Set(submittable(instance, template).map(({ environment }) => environment.name));
  const submissionTime = rfc3339(clock.now());
  const environments = (instance.status?.environments ?? []).map((it) =>
    handed.has(it.name) ? { ...it, automation: { ...it.automation, submissionTime } } : it,
  );
  const conditions = (instance.status?.conditions ?? []).filter(({ type }) => type !== 'Submitted');
  const done = {
    type: 'Submitted',
    status: 'True',
    reason: 'HandedIn',
    message: 'The work was handed in.',
    lastTransitionTime: submissionTime,
  };
  const patch = { metadata: { resourceVersion }, status: { environments, conditions: [...conditions, done] } };
  await lab.client.patch(instances, name, namespace, patch, { subresource: 'status' });
  const labels = { [LABEL.submissionRequested]: 'false', [LABEL.submissionCompleted]: 'true' };
  await lab.client.patch(instances, name, namespace, { metadata: { labels } });
  events.record(instance, { type: 'Normal', reason: 'SubmissionDone', message: 'The work was handed in.' });
  return undefined;
}

const REASONS: Readonly<Record<Exclude<Outcome, 'done'>, { reason: string; message: string }>> = {
  waiting: { reason: 'WaitingForStop', message: 'The work is handed in as soon as the environment has stopped.' },
  missing: { reason: 'HandingIn', message: 'The work is being handed in.' },
  running: { reason: 'HandingIn', message: 'The work is being handed in.' },
  failed: {
    reason: 'SubmissionFailed',
    message: 'The work could not be handed in yet. It is safe on its disk, and handing it in is tried again.',
  },
  refused: { reason: 'SubmissionRefused', message: 'The work cannot be handed in there. It is safe on its disk.' },
};
const WORST_FIRST = ['refused', 'failed', 'waiting', 'missing', 'running'] as const;

async function tell({ lab, clock, events }: SubmissionParts, { instance }: Subject, handed: readonly Handed[]): Promise<void> {
  const worst = WORST_FIRST.find((outcome) => handed.some((it) => it.outcome === outcome));
  if (!worst) return;
  const { reason, message } = REASONS[worst];
  const why = handed.find(({ outcome }) => outcome === worst)?.why;
  const found: Finding = { type: 'Submitted', status: 'False', reason, message: why ? `${message} ${why}` : message };
  const before = instance.status?.conditions?.find(({ type }) => type === 'Submitted');
  if (before?.reason !== reason && (worst === 'failed' || worst === 'refused')) {
    events.record(instance, { type: 'Warning', reason, message: found.message });
  }
  await reportFindings(lab, instance, { types: ['Submitted'], found: [found], now: clock.now() });
}
