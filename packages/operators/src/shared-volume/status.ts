import { amount, compare, type SharedVolume } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';
import { conditionsFrom, type Finding } from '../conditions.ts';
import { outcomeOf } from '../volume-handover.ts';
import { requestedSize, shrinks } from './desired.ts';

type Status = NonNullable<SharedVolume['status']>;
type Phase = NonNullable<Status['phase']>;

/** Why the claim could not be written. */
export interface ClaimRefusal {
  readonly phase: 'ResourceQuotaExceeded' | 'Error';
  readonly reason: string;
  readonly message: string;
}

/** What is known of a shared volume. */
export interface SharedVolumeFacts {
  readonly volume: SharedVolume;
  readonly claim: Kube<PersistentVolumeClaim> | undefined;
  readonly job: Kube<Job> | undefined;
  readonly provisioned: boolean;
  readonly refusal: ClaimRefusal | undefined;
  /** Templates that mount it, as `namespace/name`. */
  readonly templates: readonly string[];
  /** How many instances have it mounted. */
  readonly instances: number;
  readonly now: number;
}

/** What a shared volume is, and why. */
export function observeSharedVolume(facts: SharedVolumeFacts): Status {
  const { volume, claim, templates, instances, now } = facts;
  const { phase, reason, message } = stateOf(facts);
  const ready: Finding = { type: 'Ready', status: phase === 'Ready' ? 'True' : 'False', reason, message };
  const pvName = claim?.status?.phase === 'Bound' ? claim.spec?.volumeName : undefined;
  return {
    ...volume.status,
    ...(pvName === undefined ? {} : { pvName }),
    phase,
    templates: templates.length,
    instances,
    conditions: conditionsFrom([ready, inUse(facts)], volume.status?.conditions, now),
    observedGeneration: volume.metadata.generation ?? 0,
  };
}

interface State {
  readonly phase: Phase;
  readonly reason: string;
  readonly message: string;
}

function stateOf(facts: SharedVolumeFacts): State {
  const { volume, claim, refusal } = facts;
  if (volume.metadata.deletionTimestamp !== undefined) return deleting(facts);
  if (refusal) return refusal;
  if (shrinks(volume, claim)) {
    const message = `A volume cannot become smaller than it is: it has ${requestedSize(claim)}, and ${volume.spec.size} was asked for. Set the size to ${requestedSize(claim)} or more, or make another volume.`;
    return { phase: 'Error', reason: 'InvalidSize', message };
  }
  return progress(facts);
}

function progress({ claim, job, provisioned }: SharedVolumeFacts): State {
  if (claim?.status?.phase === 'Lost') {
    const message = 'The storage behind this volume is gone. Ask your administrator to restore it from a backup.';
    return { phase: 'Error', reason: 'VolumeLost', message };
  }
  if (claim?.status?.phase !== 'Bound') {
    const message = 'Waiting for the storage to make the volume. If this lasts for minutes, ask your administrator whether it is full.';
    return { phase: 'Pending', reason: 'WaitingForStorage', message };
  }
  if (provisioned) return { phase: 'Ready', ...readiness(claim) };
  if (outcomeOf(job) === 'failed') {
    const message =
      'The new volume could not be prepared for writing. This is tried again every few minutes; tell your administrator if it stays.';
    return { phase: 'Error', reason: 'ProvisioningFailed', message };
  }
  return { phase: 'Provisioning', reason: 'PreparingVolume', message: 'The new volume is being prepared for writing.' };
}

function readiness(claim: Kube<PersistentVolumeClaim>): { reason: string; message: string } {
  const asked = requestedSize(claim) ?? '0';
  const has = claim.status?.capacity?.['storage'] ?? asked;
  if (compare(amount(has), amount(asked)) >= 0) return { reason: 'Ready', message: 'The volume can be mounted by templates.' };
  return { reason: 'Growing', message: `The volume can be used; it is growing from ${has} to ${asked}.` };
}

const SHOWN = 5;

/** What keeps a volume from being deleted; nothing when it may go. */
export function blockers({ templates, instances }: Pick<SharedVolumeFacts, 'templates' | 'instances'>): string | undefined {
  if (templates.length > 0) {
    const more = templates.length > SHOWN ? ` and ${templates.length - SHOWN} more` : '';
    return `mounted by the templates ${templates.slice(0, SHOWN).join(', ')}${more}: remove it from them first`;
  }
  return instances > 0 ? `still mounted in ${instances} instances of a template that used it: it goes when they are deleted` : undefined;
}

function deleting(facts: SharedVolumeFacts): State {
  const because = blockers(facts);
  if (because === undefined) return { phase: 'Deleting', reason: 'Deleting', message: 'The volume is being deleted.' };
  return { phase: 'Deleting', reason: 'DeletionBlocked', message: `The volume is kept, because it is ${because}.` };
}

function inUse({ templates, instances }: SharedVolumeFacts): Finding {
  const used = templates.length > 0 || instances > 0;
  const message = `${templates.length} templates mount it, and ${instances} instances have it mounted.`;
  return { type: 'InUse', status: used ? 'True' : 'False', reason: used ? 'Mounted' : 'NotMounted', message };
}
