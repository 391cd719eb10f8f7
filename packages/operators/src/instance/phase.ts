import type { InstancePhase } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { EnvironmentFacts, InstanceFacts } from './facts.ts';
import { machinePhase } from './machine/phase.ts';
import { podTrouble } from './pod-trouble.ts';
import { isPowered } from './power.ts';

/** The phase of an instance from those of its environments: the first row that holds. */
const TABLE: readonly { readonly when: (phases: readonly InstancePhase[]) => boolean; readonly phase: InstancePhase }[] = [
  { when: (all) => all.some((it) => it === 'Failed' || it === 'CreationLoopBackoff'), phase: 'Failed' },
  { when: (all) => all.includes('ResourceQuotaExceeded'), phase: 'ResourceQuotaExceeded' },
  { when: (all) => all.length > 0 && all.every((it) => it === 'Ready'), phase: 'Ready' },
  { when: (all) => all.some((it) => it === 'Ready' || it === 'Running'), phase: 'Running' },
  { when: (all) => all.some((it) => it === 'Starting' || it === 'Importing'), phase: 'Starting' },
  { when: (all) => all.includes('Stopping'), phase: 'Stopping' },
  { when: (all) => all.length > 0 && all.every((it) => it === 'Off'), phase: 'Off' },
  { when: (all) => all.includes('Suspended'), phase: 'Suspended' },
];

/** Folds the phases of environments into that of the instance. */
export function instancePhase(phases: readonly InstancePhase[]): InstancePhase {
  return TABLE.find(({ when }) => when(phases))?.phase ?? '';
}

type Row = (facts: InstanceFacts, it: EnvironmentFacts) => InstancePhase | undefined;

/** What decides the phase of an environment, in order: the first row that says something. */
const ROWS: readonly Row[] = [refusedPhase, blockedPhase, goingPhase, quotaPhase, ownPhase];

/** Where one environment is on its way. */
export function environmentPhase(facts: InstanceFacts, it: EnvironmentFacts): InstancePhase {
  for (const row of ROWS) {
    const phase = row(facts, it);
    if (phase !== undefined) return phase;
  }
  return '';
}

/** What already runs goes on when its owner may no longer start it. */
function refusedPhase({ refusal }: InstanceFacts, it: EnvironmentFacts): InstancePhase | undefined {
  return refusal && !isPowered(it) ? (refusal.phase ?? 'Failed') : undefined;
}

function blockedPhase({ instance }: InstanceFacts, it: EnvironmentFacts): InstancePhase | undefined {
  if (it.machine?.supported === false) return 'Failed';
  if (!it.obstacle || it.obstacle.phase) return it.obstacle?.phase;
  return instance.spec.running && !isPowered(it) ? 'Failed' : undefined;
}

function goingPhase(_: InstanceFacts, { deployment }: EnvironmentFacts): InstancePhase | undefined {
  return deployment?.metadata.deletionTimestamp ? 'Stopping' : undefined;
}

function quotaPhase({ instance, shortage }: InstanceFacts, it: EnvironmentFacts): InstancePhase | undefined {
  const short = (shortage && !isPowered(it)) || namespaceQuotaHit(it);
  return instance.spec.running && short ? 'ResourceQuotaExceeded' : undefined;
}

function ownPhase({ instance: { spec } }: InstanceFacts, it: EnvironmentFacts): InstancePhase {
  if (it.machine) return machinePhase(it.machine, { persistent: it.environment.persistent, running: spec.running });
  return spec.running ? startedPhase(it) : stoppedPhase(it);
}

/** What is not persistent is off as soon as nobody gets in, although its pod is kept for a while. */
function stoppedPhase({ environment, deployment, pod }: EnvironmentFacts): InstancePhase {
  const replicas = deployment?.spec?.replicas ?? 0;
  if (environment.persistent && (replicas > 0 || pod)) return 'Stopping';
  return 'Off';
}

function startedPhase(it: EnvironmentFacts): InstancePhase {
  const { pod } = it;
  if (!pod) return isServed(it) ? 'Ready' : 'Starting';
  if (pod.metadata.deletionTimestamp) return 'Starting';
  if (isReady(pod)) return 'Ready';
  const trouble = podTrouble(it);
  if (trouble) return trouble.phase;
  return it.connectable ? 'Running' : 'Starting';
}

/** Whether the Deployment says that its pods are ready, where nobody shows them to us. */
function isServed({ deployment }: EnvironmentFacts): boolean {
  const wanted = deployment?.spec?.replicas ?? 0;
  return wanted > 0 && deployment?.status?.readyReplicas === wanted;
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
