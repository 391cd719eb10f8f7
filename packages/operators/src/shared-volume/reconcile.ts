import { FINALIZER, LABEL, type SharedVolume, sharedVolumeClaimName, sharedVolumes } from '@crownlabs/api';
import { type EventRecorder, jobs, type Kube, keyOf, keyText } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { type Clock, hasCode, sameJson } from '@crownlabs/std';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Lab } from '../lab.ts';
import { isOurs } from '../manifests/labels.ts';
import { outcomeOf, provisions } from '../volume-handover.ts';
import { volumeNamespaceOf } from './access.ts';
import { provisioningJob, provisioningJobName, sharedVolumeClaim } from './desired.ts';
import { blockers, type ClaimRefusal, observeSharedVolume, type SharedVolumeFacts } from './status.ts';

/** What the shared volume controller works with. */
export interface SharedVolumeTools {
  readonly lab: Lab;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

type Claim = Kube<PersistentVolumeClaim>;

const QUOTA_RETRY_MS = 60_000;
const PROVISIONING_RETRY_MS = 300_000;

/** Gives every SharedVolume its bytes, and keeps them while somebody needs them. */
export function sharedVolumeReconciler(tools: SharedVolumeTools): Reconcile {
  const { lab, config } = tools;
  return async ({ name, namespace = '' }) => {
    const volume = lab.sharedVolumes.get(name, namespace);
    if (!volume || !isOurs(lab.namespaces.get(namespace) ?? NOTHING, config.operatorSelector)) return undefined;
    if (volume.metadata.deletionTimestamp !== undefined) return end(tools, volume);
    const current = await guard(lab, volume);
    const facts = await realise(tools, current);
    await report(tools, facts);
    return nextLook(tools, facts);
  };
}

const NOTHING = { metadata: {} };

/** The finalizer comes first: a volume that was never ready may be mounted by a template already. */
async function guard(lab: Lab, volume: SharedVolume): Promise<SharedVolume> {
  const { finalizers = [], labels = {}, resourceVersion, name, namespace } = volume.metadata;
  const guarded = finalizers.includes(FINALIZER.sharedVolumeProtection);
  if (guarded && labels[LABEL.managedBy] === 'sharedvolume') return volume;
  const metadata = {
    resourceVersion,
    labels: { [LABEL.managedBy]: 'sharedvolume' },
    ...(guarded ? {} : { finalizers: [...finalizers, FINALIZER.sharedVolumeProtection] }),
  };
  return lab.client.patch(sharedVolumes, name, namespace, { metadata });
}

async function realise(tools: SharedVolumeTools, volume: SharedVolume): Promise<SharedVolumeFacts> {
  const { lab, config } = tools;
  const { namespace = '' } = volume.metadata;
  const current = lab.claims.get(sharedVolumeClaimName(volume.metadata.name), namespace);
  const job = lab.jobs.get(provisioningJobName(volume), namespace);
  const provisioned = isProvisioned(current, job);
  try {
    // It was asked for: applied is what the resource says it is.
    const claim = (await lab.converger.ensure(sharedVolumeClaim(volume, config.sharedVolumes, { current, provisioned }))) as Claim;
    const provisioning = claim.status?.phase === 'Bound' && !provisioned ? await provision(tools, volume, { claim, job }) : job;
    return factsOf(tools, volume, { claim, job: provisioning, provisioned, refusal: undefined });
  } catch (error) {
    const refusal = refusalOf(error, current);
    if (!refusal) throw error;
    return factsOf(tools, volume, { claim: current, job, provisioned, refusal });
  }
}

/** The label outlives the Job, which goes after a week; a claim that was made anew has no such label. */
function isProvisioned(claim: Claim | undefined, job: Kube<Job> | undefined): boolean {
  if (!claim) return false;
  if (claim.metadata.labels?.[LABEL.volumeProvisioning] === 'completed') return true;
  return job !== undefined && provisions(job, claim) && outcomeOf(job) === 'complete';
}

async function provision(
  { lab, config, clock }: SharedVolumeTools,
  volume: SharedVolume,
  { claim, job }: { claim: Claim; job: Kube<Job> | undefined },
): Promise<Kube<Job> | undefined> {
  if (!job) return lab.converger.ensure(provisioningJob(volume, claim, config.sharedVolumes));
  const stale = !provisions(job, claim) || (outcomeOf(job) === 'failed' && failedAt(job) + PROVISIONING_RETRY_MS <= clock.now());
  if (stale) await lab.converger.remove(jobs, job.metadata.name, job.metadata.namespace);
  return job;
}

function failedAt({ status }: Kube<Job>): number {
  return Date.parse(status?.conditions?.find(({ type }) => type === 'Failed')?.lastTransitionTime ?? '') || 0;
}

function refusalOf(error: unknown, current: Claim | undefined): ClaimRefusal | undefined {
  if (!hasCode(error, 'Forbidden', 'Invalid')) return undefined;
  if (error.message.includes('exceeded quota')) {
    const message = `The workspace may not have more storage: ${error.message}. Delete another volume, or ask your administrator for more.`;
    return { phase: 'ResourceQuotaExceeded', reason: 'QuotaExceeded', message };
  }
  if (current) {
    const message = `The storage does not let this volume grow: ${error.message}. Set the size back, or make another volume.`;
    return { phase: 'Error', reason: 'ResizeRefused', message };
  }
  return { phase: 'Error', reason: 'ClaimRefused', message: `The volume could not be asked for: ${error.message}.` };
}

function factsOf(
  { lab, clock }: SharedVolumeTools,
  volume: SharedVolume,
  seen: Pick<SharedVolumeFacts, 'claim' | 'job' | 'provisioned' | 'refusal'>,
): SharedVolumeFacts {
  const { name, namespace = '' } = volume.metadata;
  const mounts = lab.templates
    .list()
    .filter((template) =>
      template.spec.environmentList.some(({ sharedVolumeMounts = [] }) =>
        sharedVolumeMounts.some((it) => it.sharedVolume.name === name && volumeNamespaceOf(it, template) === namespace),
      ),
    );
  return {
    volume,
    ...seen,
    templates: mounts.map((it) => keyText(keyOf(it))).toSorted(),
    instances: lab.claims.byIndex('mirrorOf', `${namespace}/${sharedVolumeClaimName(name)}`).length,
    now: clock.now(),
  };
}

async function report({ lab, events }: SharedVolumeTools, facts: SharedVolumeFacts): Promise<SharedVolume> {
  const { volume } = facts;
  const status = observeSharedVolume(facts);
  if (sameJson(status, volume.status)) return volume;
  announce(events, volume, status.conditions ?? []);
  const { name, namespace } = volume.metadata;
  return lab.client.patch(sharedVolumes, name, namespace, { status }, { subresource: 'status' });
}

const WARNED = new Set([
  'InvalidSize',
  'QuotaExceeded',
  'ResizeRefused',
  'ClaimRefused',
  'ProvisioningFailed',
  'VolumeLost',
  'DeletionBlocked',
]);

function announce(events: EventRecorder, volume: SharedVolume, conditions: readonly { type: string; reason: string; message: string }[]) {
  const now = conditions.find(({ type }) => type === 'Ready');
  const before = volume.status?.conditions?.find(({ type }) => type === 'Ready');
  if (!now || (now.reason === before?.reason && now.message === before.message) || !WARNED.has(now.reason)) return;
  events.record(volume, { type: 'Warning', reason: now.reason, message: now.message });
}

function nextLook({ clock }: SharedVolumeTools, { refusal, job, provisioned }: SharedVolumeFacts): Requeue {
  if (refusal) return { afterMs: QUOTA_RETRY_MS };
  if (provisioned || !job || outcomeOf(job) !== 'failed') return undefined;
  return { afterMs: Math.max(1_000, failedAt(job) + PROVISIONING_RETRY_MS - clock.now()) };
}

/** A volume that somebody uses stays; what it owns goes with it by owner references. */
async function end(tools: SharedVolumeTools, volume: SharedVolume): Promise<undefined> {
  const { lab } = tools;
  const { name, namespace = '', finalizers = [] } = volume.metadata;
  if (!finalizers.includes(FINALIZER.sharedVolumeProtection)) return undefined;
  const claim = lab.claims.get(sharedVolumeClaimName(name), namespace);
  const facts = factsOf(tools, volume, { claim, job: undefined, provisioned: true, refusal: undefined });
  const { resourceVersion } = (await report(tools, facts)).metadata;
  if (blockers(facts) !== undefined) return undefined;
  const rest = finalizers.filter((it) => it !== FINALIZER.sharedVolumeProtection);
  await lab.client.patch(sharedVolumes, name, namespace, { metadata: { resourceVersion, finalizers: rest } });
  return undefined;
}
