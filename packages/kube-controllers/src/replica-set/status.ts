import type { replicaSets } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { ReplicaSetCondition, ReplicaSetStatus } from 'kubernetes-types/apps/v1.js';
import type { KindOf } from '../cluster.ts';
import { availableIn, isReady, type Pod } from '../pod-state.ts';

/** A ReplicaSet as the client reads it. */
export type ReplicaSet = KindOf<typeof replicaSets>;

/** What a ReplicaSet's status should say, given its active pods and why the last change failed, if it did. */
export function observe(set: ReplicaSet, active: readonly Pod[], failure: string | undefined, now: number): ReplicaSetStatus {
  const wanted = set.spec?.template?.metadata?.labels ?? {};
  const labelled = active.filter((pod) => Object.entries(wanted).every(([key, value]) => pod.metadata.labels?.[key] === value));
  const seconds = set.spec?.minReadySeconds ?? 0;
  const conditions = conditionsOf(set, failure, now);
  return {
    replicas: active.length,
    ...(labelled.length > 0 && { fullyLabeledReplicas: labelled.length }),
    ...count('readyReplicas', active.filter(isReady).length),
    ...count('availableReplicas', active.filter((pod) => availableIn(pod, seconds, now) === 0).length),
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length > 0 && { conditions }),
  };
}

function count<K extends string>(key: K, value: number): { [P in K]?: number } {
  const counted: { [P in K]?: number } = {};
  if (value > 0) counted[key] = value;
  return counted;
}

function conditionsOf(set: ReplicaSet, failure: string | undefined, now: number): ReplicaSetCondition[] {
  const others = (set.status?.conditions ?? []).filter(({ type }) => type !== 'ReplicaFailure');
  if (failure === undefined) return others;
  const known = set.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  if (known?.message === failure) return [...others, known];
  return [
    ...others,
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure, lastTransitionTime: rfc3339(now) },
  ];
}

/** Milliseconds until a pod that is ready becomes available; `undefined` when none is on its way there. */
export function nextAvailable(set: ReplicaSet, active: readonly Pod[], now: number): number | undefined {
  const waits = active.map((pod) => availableIn(pod, set.spec?.minReadySeconds ?? 0, now)).filter((wait) => wait !== undefined && wait > 0);
  return waits.length > 0 ? Math.min(...waits.map(Number)) : undefined;
}

/** Pods in the order in which they are given up: those first that serve least. */
export function leastWanted(active: readonly Pod[]): Pod[] {
  const rank = (pod: Pod) => [
    pod.spec?.nodeName ? 1 : 0,
    { Pending: 0, Unknown: 1 }[pod.status?.phase ?? ''] ?? 2,
    isReady(pod) ? 1 : 0,
    Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    // Younger ones go first.
    -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ];
  return active.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
  });
}
