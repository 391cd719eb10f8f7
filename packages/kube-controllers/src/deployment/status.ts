import { rfc3339 } from '@crownlabs/std';
import type { DeploymentCondition, DeploymentStatus, ReplicaSetStatus } from 'kubernetes-types/apps/v1.js';
import type { ReplicaSet } from '../replica-set/status.ts';
import { roomOf } from './desired.ts';
import type { Deployment } from './revision.ts';

/** What a Deployment's status should say of its sets. */
export function observe(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  now: number,
): DeploymentStatus {
  const sum = (of: (set: ReplicaSet) => number | undefined) => sets.reduce((total, set) => total + (of(set) ?? 0), 0);
  const available = sum(({ status }) => status?.availableReplicas);
  const counts = {
    replicas: sum(({ status }) => status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(({ status }) => status?.readyReplicas),
    availableReplicas: available,
    // Counted against what the sets are to have: pods that are still to come are unavailable too.
    unavailableReplicas: Math.max(0, sum(({ spec }) => spec?.replicas) - available),
  };
  const positive = Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0));
  const status: DeploymentStatus & Terminating = {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...positive,
    terminatingReplicas: sum(terminatingOf),
  };
  if (deployment.status?.collisionCount !== undefined) status.collisionCount = deployment.status.collisionCount;
  const conditions = conditionsOf({ deployment, current, sets, status, now });
  return conditions.length > 0 ? { ...status, conditions } : status;
}

/** What the types of the clients do not know yet. */
interface Terminating {
  readonly terminatingReplicas?: number;
}

function terminatingOf(set: ReplicaSet): number {
  const status: (ReplicaSetStatus & Terminating) | undefined = set.status;
  return status?.terminatingReplicas ?? 0;
}

interface Seen {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly sets: readonly ReplicaSet[];
  readonly status: DeploymentStatus;
  readonly now: number;
}

type Said = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

function conditionsOf(seen: Seen): DeploymentCondition[] {
  const said = [availability(seen), progress(seen), ...failure(seen)];
  return said.map((condition) => dated(condition, seen));
}

function availability({ deployment, status }: Seen): Said {
  const least = (deployment.spec?.replicas ?? 1) - roomOf(deployment).unavailable;
  return (status.availableReplicas ?? 0) >= least
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

function progress(seen: Seen): Said {
  const { deployment, current } = seen;
  const type = 'Progressing';
  if (deployment.spec?.paused) return { type, status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' };
  const name = current?.metadata.name ?? '';
  if (isComplete(seen))
    return { type, status: 'True', reason: 'NewReplicaSetAvailable', message: `ReplicaSet "${name}" has successfully progressed.` };
  const deadline = deadlineAt(seen);
  if (deadline !== undefined && deadline <= seen.now) {
    return { type, status: 'False', reason: 'ProgressDeadlineExceeded', message: `ReplicaSet "${name}" has timed out progressing.` };
  }
  return isKnown(deployment, name)
    ? { type, status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${name}" is progressing.` }
    : { type, status: 'True', reason: 'NewReplicaSetCreated', message: `Created new replica set "${name}"` };
}

/** Whether the status speaks of this set already. */
function isKnown({ status }: Deployment, name: string): boolean {
  return status?.conditions?.some(({ type, message }) => type === 'Progressing' && message?.includes(`"${name}"`)) ?? false;
}

function isComplete({ deployment, status }: Seen): boolean {
  const wanted = deployment.spec?.replicas ?? 1;
  return (status.updatedReplicas ?? 0) === wanted && (status.replicas ?? 0) === wanted && (status.availableReplicas ?? 0) === wanted;
}

/** When the roll-out counts as stuck, in milliseconds since the epoch. */
export function deadlineAt({ deployment, status }: Pick<Seen, 'deployment' | 'status'>): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  const known = deployment.status?.conditions?.find(({ type }) => type === 'Progressing');
  if (seconds === undefined || !known?.lastUpdateTime || known.reason === 'NewReplicaSetAvailable') return undefined;
  return moved(deployment.status, status) ? undefined : Date.parse(known.lastUpdateTime) + seconds * 1000;
}

/** Whether more pods are new, ready or available than before, or fewer old ones are left. */
function moved(before: DeploymentStatus | undefined, now: DeploymentStatus): boolean {
  const more = (['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const).some((key) => (now[key] ?? 0) > (before?.[key] ?? 0));
  const old = (status: DeploymentStatus | undefined) => (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return more || old(now) < old(before);
}

function failure({ sets }: Seen): Said[] {
  const failed = sets.flatMap(({ status }) => status?.conditions?.find(({ type }) => type === 'ReplicaFailure') ?? [])[0];
  if (!failed) return [];
  const { type, status, reason = '', message = '' } = failed;
  return [{ type, status, reason, message }];
}

function dated(said: Said, { deployment, status, now }: Seen): DeploymentCondition {
  const time = rfc3339(now);
  const known = deployment.status?.conditions?.find(({ type }) => type === said.type);
  const sameStatus = known?.status === said.status;
  const same = sameStatus && known.reason === said.reason && known.message === said.message;
  const stirred = said.type === 'Progressing' && moved(deployment.status, status);
  return {
    ...said,
    lastTransitionTime: sameStatus ? (known.lastTransitionTime ?? time) : time,
    lastUpdateTime: same && !stirred ? (known.lastUpdateTime ?? time) : time,
  };
}
