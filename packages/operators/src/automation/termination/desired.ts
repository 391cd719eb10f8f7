import { type EnvironmentStatus, type Instance, LABEL, type Template } from '@crownlabs/api';
import { rfc3339 } from '@crownlabs/std';
import { timeOf } from '../span.ts';

/** What the examiner's system said. */
export type ExamAnswer = { readonly over: true } | { readonly over: false; readonly deadline: number | undefined };

/** The answer to a status check; `undefined` for one that says nothing, which is asked again. */
export function readAnswer(status: number, body: string): ExamAnswer | undefined {
  if (status === 404) return { over: true };
  if (status !== 200) return undefined;
  return { over: false, deadline: deadlineIn(body) };
}

function deadlineIn(body: string): number | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const deadline = typeof parsed === 'object' && parsed !== null && 'deadline' in parsed ? parsed.deadline : undefined;
  return typeof deadline === 'string' ? timeOf(deadline) : undefined;
}

/** Whether the end of an exam is to be asked for. */
export function isWatched({ metadata, spec }: Instance): boolean {
  return metadata.labels?.[LABEL.watchForTermination] === 'true' && (spec.statusCheckUrl ?? '') !== '';
}

/** When it was asked for last. */
export function lastCheck({ status }: Instance): number | undefined {
  const times = (status?.environments ?? []).flatMap(({ automation }) => timeOf(automation?.lastCheckTime) ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** When the exam ends, as far as is known. */
export function knownEnd({ status }: Instance): number | undefined {
  const times = (status?.environments ?? []).flatMap(({ automation }) => timeOf(automation?.terminationTime) ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}

/** The environments with what was learned written down. */
export function checkedEnvironments({ status }: Instance, answer: ExamAnswer, now: number): EnvironmentStatus[] {
  return (status?.environments ?? []).map((it) => {
    const { terminationTime: known, ...rest } = it.automation ?? {};
    const end = answer.over ? (known ?? rfc3339(now)) : answer.deadline === undefined ? known : rfc3339(answer.deadline);
    return { ...it, automation: { ...rest, lastCheckTime: rfc3339(now), ...(end === undefined ? {} : { terminationTime: end }) } };
  });
}

/** The environments whose work is handed in: they have a disk, and somewhere to send it. */
export function submittable(instance: Instance, template: Template) {
  return template.spec.environmentList.flatMap((environment) => {
    const destination = instance.spec.contentUrls?.[environment.name]?.destination ?? '';
    return environment.persistent && destination !== '' ? [{ environment, destination }] : [];
  });
}

/** What ends an exam: the instance stops, nobody asks any more, and the work is handed in where there is any. */
export function terminationPatch(instance: Instance, template: Template): object {
  const [first] = submittable(instance, template);
  const labels = {
    [LABEL.watchForTermination]: 'false',
    [LABEL.submissionRequested]: String(first !== undefined),
    [LABEL.environmentName]: (first?.environment ?? template.spec.environmentList[0])?.name ?? null,
  };
  return { metadata: { labels }, spec: { running: false } };
}
