import { deployments, type Happening, replicaSets } from '@crownlabs/client';
import { type Controller, controller, ownedByKind, type Reconcile, watched } from '@crownlabs/controller';
import { hasCode } from '@crownlabs/std';
import { BY, type Cluster } from '../cluster.ts';
import type { ReplicaSet } from '../replica-set/status.ts';
import { statusPatch } from '../status-patch.ts';
import { desiredSet, nextSizes, setAnnotations, sizeAnnotations } from './desired.ts';
import { currentSet, type Deployment, REVISION, revisionOf } from './revision.ts';
import { deadlineAt, observe } from './status.ts';

const WORKERS = 16;

/** Rolls Deployments out: one ReplicaSet for each template, pods moving from the old ones to the new. */
export function deploymentController(cluster: Cluster): Controller {
  const { live, log, clock } = cluster;
  return controller({
    name: 'deployment',
    reconcile: reconcileDeployment(cluster),
    report: reportDeployment(cluster),
    // It tells what its sets told: they go before.
    reportWithinMs: 2_000,
    sources: [watched(live.deployments), ownedByKind(live.replicaSets, { kind: 'Deployment', namespaced: true })],
    workers: WORKERS,
    log,
    clock,
  });
}

function reconcileDeployment(cluster: Cluster): Reconcile {
  return async ({ name, namespace }) => {
    const deployment = cluster.live.deployments.get(name, namespace);
    if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return undefined;
    await forgetOld(cluster, deployment, await rollOut(cluster, deployment, setsOf(cluster, deployment)));
    return undefined;
  };
}

function reportDeployment(cluster: Cluster): Reconcile {
  const { live, clock, client } = cluster;
  return async ({ name, namespace }) => {
    const deployment = live.deployments.get(name, namespace);
    if (!deployment) return undefined;
    const sets = setsOf(cluster, deployment);
    const current = currentSet(deployment, sets);
    // Its set was made a moment ago: the watch will show it, and bring us back.
    if (!current && !deployment.spec?.paused && deployment.metadata.deletionTimestamp === undefined) return undefined;
    const status = observe(deployment, current, sets, clock.now());
    const patch = { ...unmarkedRevision(deployment, current), ...statusPatch(deployment, status) };
    if (Object.keys(patch).length > 0) await client.patch(deployments, name, namespace, patch, { subresource: 'status' });
    const left = (deadlineAt({ deployment, status }) ?? 0) - clock.now();
    return left > 0 ? { afterMs: left } : undefined;
  };
}

function setsOf({ live }: Cluster, { metadata }: Deployment): ReplicaSet[] {
  return live.replicaSets.byIndex(BY.owner, metadata.uid ?? '').filter((set) => !set.metadata.deletionTimestamp);
}

/** The number of the present revision, where the Deployment does not say it yet. It is written with the status: that is one write less. */
function unmarkedRevision({ metadata }: Deployment, current: ReplicaSet | undefined): object | undefined {
  const revision = current && String(revisionOf(current));
  if (revision === undefined || metadata.annotations?.[REVISION] === revision) return undefined;
  return { metadata: { annotations: { [REVISION]: revision } } };
}

/** Makes the set of the present template if there is none, and gives all sets their next sizes. Returns them as they are then. */
async function rollOut(cluster: Cluster, deployment: Deployment, owned: readonly ReplicaSet[]): Promise<ReplicaSet[]> {
  const found = currentSet(deployment, owned);
  if (!found && deployment.spec?.paused) return [...owned];
  const revision = Math.max(0, ...owned.filter((set) => set !== found).map(revisionOf)) + 1;
  const current = found ?? (await createSet(cluster, deployment, owned, revision));
  const old = owned.filter((set) => set.metadata.uid !== current.metadata.uid);
  const sizes = nextSizes(deployment, current, old);
  const resized = [current, ...old].map((set) => {
    const replicas = sizes.get(set.metadata.name) ?? set.spec?.replicas ?? 0;
    const isCurrent = set === current;
    const annotations = isCurrent ? setAnnotations(deployment, revision) : sizeAnnotations(deployment);
    return resize(cluster, deployment, { set, replicas, annotations });
  });
  return Promise.all(resized);
}

async function createSet(cluster: Cluster, deployment: Deployment, owned: readonly ReplicaSet[], revision: number): Promise<ReplicaSet> {
  const { client, events } = cluster;
  // Its size is found as for a set that exists and is empty, so that a new set takes one write.
  const blank: ReplicaSet = { ...desiredSet(deployment, 0, revision) };
  const replicas = nextSizes(deployment, blank, owned).get(blank.metadata.name) ?? 0;
  const wanted = desiredSet(deployment, replicas, revision);
  try {
    const made = await client.create(replicaSets, { ...wanted, metadata: { ...wanted.metadata } });
    if (replicas > 0) events.record(deployment, scaled(made.metadata.name, 0, replicas));
    return made;
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    const found = await client.get(replicaSets, wanted.metadata.name, wanted.metadata.namespace);
    // Made a moment ago, and the live copy does not show it yet.
    if (currentSet(deployment, [found]) && found.metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid)) return found;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await client.patch(
      deployments,
      deployment.metadata.name,
      deployment.metadata.namespace,
      { status: { collisionCount } },
      { subresource: 'status' },
    );
    throw error;
  }
}

interface Size {
  readonly set: ReplicaSet;
  readonly replicas: number;
  readonly annotations: Record<string, string>;
}

async function resize({ client, events }: Cluster, deployment: Deployment, { set, replicas, annotations }: Size): Promise<ReplicaSet> {
  const known = set.metadata.annotations ?? {};
  const sameNotes = Object.entries(annotations).every(([key, value]) => known[key] === value);
  if (set.spec?.replicas === replicas && sameNotes) return set;
  const resized = await client.patch(replicaSets, set.metadata.name, set.metadata.namespace, {
    metadata: { annotations },
    spec: { replicas },
  });
  const before = set.spec?.replicas ?? 0;
  if (before !== replicas) events.record(deployment, scaled(set.metadata.name, before, replicas));
  return resized;
}

function scaled(name: string, from: number, to: number): Happening {
  return {
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message: `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`,
  };
}

/** Deletes empty sets of revisions that are too old to go back to. */
async function forgetOld({ client }: Cluster, deployment: Deployment, sets: readonly ReplicaSet[]): Promise<void> {
  const current = currentSet(deployment, sets);
  const keep = deployment.spec?.revisionHistoryLimit ?? 10;
  const empty = sets.filter((set) => set !== current && (set.spec?.replicas ?? 0) === 0 && (set.status?.replicas ?? 0) === 0);
  const excess = sets.length - 1 - keep;
  const oldest = empty.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, excess));
  for (const { metadata } of oldest) await client.delete(replicaSets, metadata.name, metadata.namespace);
}
