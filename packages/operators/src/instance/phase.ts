import type { InstancePhase } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { type EnvironmentFacts, type InstanceFacts, isMachine } from './facts.ts';
import { podTrouble } from './pod-trouble.ts';

/** The phase of an instance from those of its environments: the first row that holds. */
const TABLE: readonly { readonly when: (phases: readonly InstancePhase[]) => boolean; readonly phase: InstancePhase }[] = [
  { when: (all) => all.some((it) => it === 'Failed' || it === 'CreationLoopBackoff'), phase: 'Failed' },
  { when: (all) => all.includes('ResourceQuotaExceeded'), phase: 'ResourceQuotaExceeded' },
  { when: (all) => all.length > 0 && all.every((it) => it === 'Ready'), phase: 'Ready' },
  { when: (all) => all.some((it) => it === 'Ready' || it === 'Running'), phase: 'Running' },
  { when: (all) => all.some((it) => it === 'Starting' || it === 'Importing'), phase: 'Starting' },
  { when: (all) => all.includes('Stopping'), phase: 'Stopping' },
  { when: (all) => all.length > 0 && all.every((it) => it === 'Off'), phase: 'Off' },
];

/** Folds the phases of environments into that of the instance. */
export function instancePhase(phases: readonly InstancePhase[]): InstancePhase {
  return TABLE.find(({ when }) => when(phases))?.phase ?? '';
}

/** Where one environment is on its way. */
export function environmentPhase(facts: InstanceFacts, it: EnvironmentFacts): InstancePhase {
  if (facts.refusal && !it.deployment) return 'Failed';
  if (isMachine(it.environment)) return 'Failed';
  if (it.deployment?.metadata.deletionTimestamp) return 'Stopping';
  if (!facts.instance.spec.running) return stoppedPhase(it);
  if (facts.shortage || namespaceQuotaHit(it)) return 'ResourceQuotaExceeded';
  return startedPhase(it);
}

/** What is not persistent is off as soon as nobody gets in, although its pod is kept for a while. */
function stoppedPhase({ environment, deployment, pod }: EnvironmentFacts): InstancePhase {
  const replicas = deployment?.spec?.replicas ?? 0;
  if (environment.persistent && (replicas > 0 || pod)) return 'Stopping';
  return 'Off';
}

function startedPhase(it: EnvironmentFacts): InstancePhase {
  const { pod } = it;
  if (!pod || pod.metadata.deletionTimestamp) return 'Starting';
  if (isReady(pod)) return 'Ready';
  const trouble = podTrouble(it);
  if (trouble) return trouble.phase;
  return it.connectable ? 'Running' : 'Starting';
}

/** Whether the pod's readiness probe succeeds. */
export function isReady(pod: Kube<Pod>): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}

/** The namespace's own quota refused the pod: it is tried again when something changes. */
export function namespaceQuotaHit({ deployment, pod }: EnvironmentFacts): boolean {
  if (pod) return false;
  return (
    deployment?.status?.conditions?.some(
      ({ type, status, message }) => type === 'ReplicaFailure' && status === 'True' && message?.includes('exceeded quota') === true,
    ) === true
  );
}
