import { jobs, type ObjectKey } from '@crownlabs/client';
import { type Controller, controller, ownedByKind, type Reconcile, type Requeue, watched } from '@crownlabs/controller';
import { backoffDelay, messageOf } from '@crownlabs/std';
import type { Container, EnvVar, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { Cluster } from '../cluster.ts';
import { type PodControl, podControl } from '../pod-control.ts';
import { patchStatus } from '../status-patch.ts';
import { happenings } from './happenings.ts';
import { finishedOutcome, indexOf, isIndexed, type Job, observe, type Progress, progressOf } from './status.ts';

const WORKERS = 8;
const BACKOFF = { baseMs: 10_000, capMs: 600_000 };
const INDEX = 'batch.kubernetes.io/job-completion-index';

/** Runs Jobs to their end. */
export function jobController(cluster: Cluster, parts: JobParts): Controller {
  const { live, log, clock } = cluster;
  const control = podControl(cluster);
  return controller({
    name: 'job',
    reconcile: parts.run ? reconcileJob(cluster, control, parts) : async (key) => expireFinished(cluster, key),
    sources: [watched(live.jobs), ownedByKind(live.pods, { kind: 'Job', namespaced: true })],
    workers: WORKERS,
    log,
    clock,
  });
}

/** Which of its two tasks the controller has. */
export interface JobParts {
  readonly run: boolean;
  /** Takes finished Jobs away when their time is over. */
  readonly expire: boolean;
}

async function expireFinished(cluster: Cluster, { name, namespace }: ObjectKey): Promise<Requeue> {
  const job = cluster.live.jobs.get(name, namespace);
  return job && !job.metadata.deletionTimestamp && finishedOutcome(job) ? expire(cluster, job) : undefined;
}

function reconcileJob(cluster: Cluster, control: PodControl, parts: JobParts): Reconcile {
  const { live, clock, client } = cluster;
  return async ({ name, namespace }) => {
    const job = live.jobs.get(name, namespace);
    if (!job || job.metadata.deletionTimestamp !== undefined) return undefined;
    if (finishedOutcome(job)) return parts.expire ? expire(cluster, job) : undefined;
    const now = clock.now();
    const before = progressOf(job, ownPods(control, job), now);
    const failure = await converge(control, job, before, now);
    const after = progressOf(job, ownPods(control, job), now);
    const status = observe(job, after, now);
    await patchStatus(client, jobs, job, status);
    for (const happening of happenings(job, status)) cluster.events.record(job, happening);
    if (failure instanceof Error) throw failure;
    return soonest(failure, deadline(job, now));
  };
}

function ownPods(control: PodControl, job: Job) {
  return control.ownedBy(job).filter((pod) => !control.isGoing(pod));
}

/** Starts pods that are missing and ends those that are too many. A delay: when the next one may start; an Error: what stopped it. */
async function converge(control: PodControl, job: Job, progress: Progress, now: number): Promise<Requeue | Error> {
  const { active, outcome } = progress;
  const wanted = outcome || job.spec?.suspend ? 0 : wantedPods(job, progress);
  try {
    await Promise.all(active.slice(wanted).map((pod) => control.delete(job, pod)));
    const wait = wanted > active.length ? retryIn(progress, now) : 0;
    if (wait > 0) return { afterMs: wait };
    for (const more of podsToStart(job, progress, wanted - active.length)) {
      await control.create(job, templateFor(job, more), more);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

function wantedPods({ spec }: Job, { succeeded, active }: Progress): number {
  const { parallelism = 1, completions } = spec ?? {};
  // Without a number of completions nothing new starts after the first success.
  if (completions === undefined) return succeeded.length > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded.length));
}

/** A Job that fails tries again later and later. */
function retryIn({ failed }: Progress, now: number): number {
  if (failed.length === 0) return 0;
  const ended = failed.map(
    ({ status, metadata }) => Date.parse(lastEnd(status) ?? metadata.deletionTimestamp ?? metadata.creationTimestamp ?? '') || 0,
  );
  return Math.max(0, Math.max(...ended) + backoffDelay(BACKOFF, failed.length - 1, () => 0.5) - now);
}

function lastEnd(status: Progress['failed'][number]['status']): string | undefined {
  return status?.containerStatuses
    ?.flatMap(({ state }) => state?.terminated?.finishedAt ?? [])
    .toSorted()
    .at(-1);
}

type Start = NonNullable<Parameters<PodControl['create']>[2]>;

function podsToStart(job: Job, { active, succeeded }: Progress, count: number): Start[] {
  if (!isIndexed(job.spec)) return Array.from({ length: Math.max(0, count) }, () => ({}));
  const taken = new Set([...active, ...succeeded].map(indexOf));
  const free = Array.from({ length: job.spec?.completions ?? 0 }, (_, index) => index).filter((index) => !taken.has(index));
  return free.slice(0, Math.max(0, count)).map((index) => ({
    prefix: `${job.metadata.name}-${index}`,
    annotations: { [INDEX]: String(index) },
    labels: { [INDEX]: String(index) },
  }));
}

const INDEX_VARIABLE: EnvVar = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${INDEX}']` } } };

/** The pod of a number knows it: by a variable, and by its host's name. */
function templateFor({ spec }: Job, { prefix }: Start): PodTemplateSpec {
  const { template = {} } = spec ?? {};
  if (prefix === undefined || !template.spec) return template;
  const told = (containers: readonly Container[]) =>
    containers.map((one) => {
      const env = one.env ?? [];
      return env.some(({ name }) => name === INDEX_VARIABLE.name) ? one : { ...one, env: [...env, INDEX_VARIABLE] };
    });
  const { initContainers, containers } = template.spec;
  return {
    ...template,
    spec: {
      ...template.spec,
      hostname: prefix,
      containers: told(containers),
      ...(initContainers && { initContainers: told(initContainers) }),
    },
  };
}

function deadline({ spec, status }: Job, now: number): Requeue {
  if (spec?.activeDeadlineSeconds === undefined || spec.suspend) return undefined;
  const started = status?.startTime ? Date.parse(status.startTime) : now;
  return { afterMs: Math.max(100, started + spec.activeDeadlineSeconds * 1000 - now) };
}

function soonest(a: Requeue, b: Requeue): Requeue {
  if (!a || !b) return a ?? b;
  return a.afterMs < b.afterMs ? a : b;
}

/** A finished Job is kept as long as its owner wants to look at it. */
async function expire({ client, clock }: Cluster, job: Job): Promise<Requeue> {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  if (seconds === undefined) return undefined;
  const ended = job.status?.completionTime ?? job.status?.conditions?.find(({ type }) => type === 'Failed')?.lastTransitionTime ?? '';
  const left = Date.parse(ended) + seconds * 1000 - clock.now();
  if (left > 0) return { afterMs: left };
  await client.delete(jobs, job.metadata.name, job.metadata.namespace, { propagationPolicy: 'Foreground' });
  return undefined;
}
