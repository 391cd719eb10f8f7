import { matchesSelector } from '@crownlabs/apiserver';
import { controllerOf, informer, keyOf, podDisruptionBudgets, statefulSets } from '@crownlabs/client';
import { type Controller, controller, type Reconcile, watched } from '@crownlabs/controller';
import { BY, type Cluster, type KindOf } from '../cluster.ts';
import { isReady, type Pod } from '../pod-state.ts';
import { patchStatus } from '../status-patch.ts';
import { nextLook, observe, type ScaleOf } from './desired.ts';

const WORKERS = 4;

/** Writes how many pods of each PodDisruptionBudget may go; evictions take from it. */
export function disruptionController(cluster: Cluster): Controller {
  const { client, live, log, clock, signal } = cluster;
  const byNamespace = { [BY.namespace]: ({ metadata }: { metadata: { namespace?: string } }) => [metadata.namespace ?? ''] };
  const budgets = informer(client, podDisruptionBudgets, { indexes: byNamespace, clock, log }, signal);
  const sets = informer(client, statefulSets, { clock, log }, signal);
  const scaleOf =
    (namespace: string): ScaleOf =>
    (uid) =>
      scaleOfController(cluster, namespace, uid) ?? statefulScale(sets.list(), namespace, uid);
  const reconcile: Reconcile = async ({ name, namespace = '' }) => {
    const budget = budgets.get(name, namespace);
    if (!budget || budget.metadata.deletionTimestamp !== undefined) return undefined;
    const status = observe(budget, live.pods.byIndex(BY.namespace, namespace), scaleOf(namespace), clock.now());
    await patchStatus(client, podDisruptionBudgets, budget, status);
    const wait = nextLook(status, clock.now());
    return wait === undefined ? undefined : { afterMs: wait };
  };
  const inNamespace = (namespace = '') => budgets.byIndex(BY.namespace, namespace);
  const ofPod = (pod: Pod) =>
    inNamespace(pod.metadata.namespace)
      .filter(({ spec }) => matchesSelector(spec?.selector, pod.metadata.labels))
      .map(keyOf);
  return controller({
    name: 'disruption',
    reconcile,
    sources: [
      watched(budgets),
      watched(live.pods, { when: healthChanged, keys: ofPod }),
      watched(live.replicaSets, {
        when: (now, before) => now?.spec?.replicas !== before?.spec?.replicas,
        keys: ({ metadata }) => inNamespace(metadata.namespace).map(keyOf),
      }),
    ],
    workers: WORKERS,
    log,
    clock,
  });
}

/** Pods of a Deployment belong to ReplicaSets, and it is the Deployment that says how many there should be. */
function scaleOfController({ live }: Cluster, namespace: string, uid: string): ReturnType<ScaleOf> {
  const set = live.replicaSets.byIndex(BY.namespace, namespace).find(({ metadata }) => metadata.uid === uid);
  if (!set) return undefined;
  const owner = controllerOf(set);
  const deployment = owner?.kind === 'Deployment' ? live.deployments.get(owner.name, namespace) : undefined;
  const { metadata, spec } = deployment ?? set;
  return { uid: metadata.uid ?? '', replicas: spec?.replicas ?? 1 };
}

function statefulScale(sets: readonly KindOf<typeof statefulSets>[], namespace: string, uid: string): ReturnType<ScaleOf> {
  const set = sets.find(({ metadata }) => metadata.namespace === namespace && metadata.uid === uid);
  return set && { uid, replicas: set.spec?.replicas ?? 1 };
}

function healthChanged(now: Pod | undefined, before: Pod | undefined): boolean {
  const health = (pod: Pod | undefined) =>
    pod && [isReady(pod), pod.metadata.deletionTimestamp !== undefined, pod.metadata.labels, pod.metadata.ownerReferences];
  return JSON.stringify(health(now)) !== JSON.stringify(health(before));
}
