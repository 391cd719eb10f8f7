import { matchesSelector } from '@crownlabs/apiserver';
import { controllerOf, type podDisruptionBudgets } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import type { PodDisruptionBudgetStatus } from 'kubernetes-types/policy/v1.js';
import type { KindOf } from '../cluster.ts';
import { isReady, type Pod } from '../pod-state.ts';

/** A PodDisruptionBudget as the client reads it. */
export type Budget = KindOf<typeof podDisruptionBudgets>;

/** Who decides how many pods there are, for pods whose controller has the given uid, and how many; undefined where nobody knows. */
export type ScaleOf = (uid: string) => { readonly uid: string; readonly replicas: number } | undefined;

// An eviction that did not lead to a deletion in this time did not happen.
const TRUSTED_MS = 2 * 60_000;

/** What a budget's status should say, given the pods of its namespace. */
export function observe(budget: Budget, all: readonly Pod[], scaleOf: ScaleOf, now: number): PodDisruptionBudgetStatus {
  const pods = all.filter(({ metadata }) => matchesSelector(budget.spec?.selector, metadata.labels));
  const disruptedPods = stillAwaited(budget, pods, now);
  const currentHealthy = pods.filter(
    (pod) => pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name in disruptedPods) && isReady(pod),
  ).length;
  const { expectedPods, desiredHealthy } = wantedOf(budget, pods, scaleOf);
  const spare = currentHealthy - desiredHealthy;
  const disruptionsAllowed = expectedPods > 0 && spare > 0 ? spare : 0;
  return {
    observedGeneration: budget.metadata.generation ?? 0,
    ...(Object.keys(disruptedPods).length > 0 && { disruptedPods }),
    disruptionsAllowed,
    currentHealthy,
    desiredHealthy,
    expectedPods,
    conditions: [condition(budget, disruptionsAllowed > 0, now)],
  };
}

/** Evictions that the watch has not shown as deletions yet. */
function stillAwaited(budget: Budget, pods: readonly Pod[], now: number): Record<string, string> {
  const awaited = Object.entries(budget.status?.disruptedPods ?? {}).filter(([name, since]) => {
    const pod = pods.find(({ metadata }) => metadata.name === name);
    return pod !== undefined && pod.metadata.deletionTimestamp === undefined && Date.parse(since) + TRUSTED_MS > now;
  });
  return Object.fromEntries(awaited);
}

/** When a budget must be looked at again because an eviction was never carried out. */
export function nextLook({ disruptedPods = {} }: PodDisruptionBudgetStatus, now: number): number | undefined {
  const times = Object.values(disruptedPods).map((since) => Date.parse(since) + TRUSTED_MS - now);
  return times.length > 0 ? Math.max(100, Math.min(...times)) : undefined;
}

function wantedOf(budget: Budget, pods: readonly Pod[], scaleOf: ScaleOf): { expectedPods: number; desiredHealthy: number } {
  const minAvailable: unknown = budget.spec?.minAvailable;
  const maxUnavailable: unknown = budget.spec?.maxUnavailable;
  // A number needs no scale: it holds for pods without a controller as well.
  if (typeof minAvailable === 'number') return { expectedPods: pods.length, desiredHealthy: minAvailable };
  const expectedPods = maxUnavailable === undefined && minAvailable === undefined ? 0 : expected(pods, scaleOf);
  if (minAvailable !== undefined) return { expectedPods, desiredHealthy: shareOf(minAvailable, expectedPods) };
  if (maxUnavailable === undefined) return { expectedPods, desiredHealthy: 0 };
  return { expectedPods, desiredHealthy: Math.max(0, expectedPods - shareOf(maxUnavailable, expectedPods)) };
}

function expected(pods: readonly Pod[], scaleOf: ScaleOf): number {
  // Two sets of one Deployment that is rolled out share its number.
  const scales = new Map(pods.map((pod) => scaleOf(controllerOf(pod)?.uid ?? '')).map((scale) => [scale?.uid, scale?.replicas ?? 0]));
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
}

/** Percentages are rounded up. */
function shareOf(value: unknown, whole: number): number {
  return typeof value === 'number' ? value : Math.ceil((Number.parseInt(String(value), 10) * whole) / 100);
}

function condition(budget: Budget, allowed: boolean, now: number) {
  const status = allowed ? 'True' : 'False';
  const known = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  return {
    type: 'DisruptionAllowed',
    status,
    observedGeneration: budget.metadata.generation ?? 0,
    lastTransitionTime: known?.status === status ? known.lastTransitionTime : rfc3339(now),
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  };
}
