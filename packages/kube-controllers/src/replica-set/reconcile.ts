import { matchesSelector } from '@crownlabs/apiserver';
import { controllerOf, keyText, ownedBy, pods, replicaSets } from '@crownlabs/client';
import { type Controller, controller, ownedByKind, type Reconcile, watched } from '@crownlabs/controller';
import { messageOf } from '@crownlabs/std';
import { BY, type Cluster } from '../cluster.ts';
import { type PodControl, podControl } from '../pod-control.ts';
import { isActive, isTerminating, type Pod } from '../pod-state.ts';
import { patchStatus } from '../status-patch.ts';
import { leastWanted, nextAvailable, observe, type ReplicaSet } from './status.ts';

const WORKERS = 16;
// Like a slow start: if the first pods are refused (quota), the rest is not tried.
const FIRST_BATCH = 8;

/** Keeps each ReplicaSet at its number of pods. */
export function replicaSetController(cluster: Cluster): Controller {
  const { live, log, clock } = cluster;
  const tools: Tools = { cluster, control: podControl(cluster), failures: new Map() };
  return controller({
    name: 'replicaset',
    reconcile: reconcileReplicaSet(tools),
    report: reportReplicaSet(tools),
    sources: [watched(live.replicaSets), ownedByKind(live.pods, { kind: 'ReplicaSet', namespaced: true }), orphans(cluster)],
    workers: WORKERS,
    log,
    clock,
  });
}

/** A pod without an owner concerns the sets that would adopt it. */
function orphans({ live }: Cluster) {
  return watched(live.pods, {
    when: (now) => now !== undefined && controllerOf(now) === undefined,
    keys: (pod) =>
      live.replicaSets
        .byIndex(BY.namespace, pod.metadata.namespace ?? '')
        .filter(({ spec }) => matchesSelector(spec?.selector, pod.metadata.labels))
        .map(({ metadata: { name, namespace } }) => ({ name, ...(namespace !== undefined && { namespace }) })),
  });
}

interface Tools {
  readonly cluster: Cluster;
  readonly control: PodControl;
  /** Why the last try to give a set its pods failed, by the set's key. */
  readonly failures: Map<string, Error>;
}

function reconcileReplicaSet({ cluster, control, failures }: Tools): Reconcile {
  return async (key) => {
    const set = cluster.live.replicaSets.get(key.name, key.namespace);
    failures.delete(keyText(key));
    if (!set) return undefined;
    await adopt(cluster, set);
    const failure = set.metadata.deletionTimestamp === undefined ? await converge(control, set, activeOf(control, set)) : undefined;
    if (!failure) return undefined;
    failures.set(keyText(key), failure);
    throw failure;
  };
}

function reportReplicaSet({ cluster, control, failures }: Tools): Reconcile {
  const { live, clock, client } = cluster;
  return async (key) => {
    const set = live.replicaSets.get(key.name, key.namespace);
    if (!set) return undefined;
    const now = clock.now();
    const seen = activeOf(control, set);
    const failure = failures.get(keyText(key));
    const terminatingReplicas = control.ownedBy(set).filter(isTerminating).length;
    const status = observe(set, seen, failure && messageOf(failure), now);
    await patchStatus(client, replicaSets, set, { ...status, terminatingReplicas });
    const wait = nextAvailable(set, seen, now);
    return wait === undefined ? undefined : { afterMs: wait };
  };
}

function activeOf(control: PodControl, set: ReplicaSet): Pod[] {
  return control.ownedBy(set).filter((pod) => isActive(pod) && !control.isGoing(pod));
}

/** Creates what is missing, deletes what is too much; the failure that stopped it, if one did. */
async function converge(control: PodControl, set: ReplicaSet, active: readonly Pod[]): Promise<Error | undefined> {
  const { replicas = 1, template = {} } = set.spec ?? {};
  const missing = replicas - active.length;
  try {
    if (missing < 0)
      await Promise.all(
        leastWanted(active)
          .slice(0, -missing)
          .map((pod) => control.delete(set, pod)),
      );
    let batch = FIRST_BATCH;
    for (let done = 0; done < missing; batch *= 2) {
      const size = Math.min(batch, missing - done);
      await Promise.all(Array.from({ length: size }, () => control.create(set, template)));
      done += size;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** Takes in pods that match and belong to nobody, and lets go of own ones that match no more. */
async function adopt({ client, live }: Cluster, set: ReplicaSet): Promise<void> {
  if (set.metadata.deletionTimestamp !== undefined) return;
  const { namespace = '', uid = '' } = set.metadata;
  const matches = (pod: Pod) => matchesSelector(set.spec?.selector, pod.metadata.labels);
  const strangers = live.pods.byIndex(BY.namespace, namespace).filter((pod) => !controllerOf(pod) && isActive(pod) && matches(pod));
  const gone = live.pods.byIndex(BY.owner, uid).filter((pod) => !matches(pod) && pod.metadata.deletionTimestamp === undefined);
  for (const pod of strangers) {
    const ownerReferences = [...(pod.metadata.ownerReferences ?? []), ownedBy(set)];
    await client.patch(pods, pod.metadata.name, namespace, { metadata: { uid: pod.metadata.uid, ownerReferences } });
  }
  for (const pod of gone) {
    const ownerReferences = (pod.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
    await client.patch(pods, pod.metadata.name, namespace, { metadata: { uid: pod.metadata.uid, ownerReferences } });
  }
}
