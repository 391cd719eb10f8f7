import { ownedBy } from '@crownlabs/client';
import type { ReplicaSet } from '../replica-set/status.ts';
import { type Deployment, HASH_LABEL, REVISION, templateHash } from './revision.ts';

const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MOST = 'deployment.kubernetes.io/max-replicas';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** How far a roll-out may leave the wanted number of pods, upwards and downwards. */
export interface Room {
  readonly surge: number;
  readonly unavailable: number;
}

type Spec = NonNullable<Deployment['spec']>;

/** The room that the Deployment's strategy gives. */
export function roomOf({ spec }: Deployment): Room {
  const { replicas = 1, strategy = {} }: Partial<Spec> = spec ?? {};
  if (strategy.type === 'Recreate') return { surge: 0, unavailable: replicas };
  const { maxSurge = '25%', maxUnavailable = '25%' } = strategy.rollingUpdate ?? {};
  const surge = share(maxSurge, replicas, Math.ceil);
  const unavailable = Math.min(replicas, share(maxUnavailable, replicas, Math.floor));
  // With no room at all nothing could ever move.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function share(value: unknown, of: number, round: (value: number) => number): number {
  const text = String(value);
  return text.endsWith('%') ? round((Number(text.slice(0, -1)) * of) / 100) : Number(text) || 0;
}

/** The ReplicaSet for the Deployment's present template. */
export function desiredSet(deployment: Deployment, replicas: number, revision: number): Omit<ReplicaSet, 'status'> {
  const { name, namespace = '' } = deployment.metadata;
  const template = deployment.spec?.template ?? {};
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const selector = deployment.spec?.selector;
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: setAnnotations(deployment, revision),
      ownerReferences: [ownedBy(deployment)],
    },
    spec: {
      replicas,
      ...(deployment.spec?.minReadySeconds !== undefined && { minReadySeconds: deployment.spec.minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** Annotations that a set has from its Deployment. */
export function setAnnotations(deployment: Deployment, revision: number): Record<string, string> {
  const { [LAST_APPLIED]: _applied, [REVISION]: _revision, ...own } = deployment.metadata.annotations ?? {};
  return { ...own, ...sizeAnnotations(deployment), [REVISION]: String(revision) };
}

/** How large the Deployment wants to be, for whoever scales its sets in proportion. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const replicas = deployment.spec?.replicas ?? 1;
  return { [DESIRED]: String(replicas), [MOST]: String(replicas + roomOf(deployment).surge) };
}

/** Sizes that sets are to have, by name. */
export type Sizes = ReadonlyMap<string, number>;

/** One step of a roll-out: how large the new and the old sets may be now. */
export function nextSizes(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const wanted = deployment.spec?.replicas ?? 1;
  if (deployment.spec?.paused) return pausedSizes(wanted, current, old);
  return deployment.spec?.strategy?.type === 'Recreate' ? recreateSizes(wanted, current, old) : rollingSizes(deployment, current, old);
}

const size = (set: ReplicaSet) => set.spec?.replicas ?? 0;
const total = (sets: readonly ReplicaSet[], of: (set: ReplicaSet) => number) => sets.reduce((sum, set) => sum + of(set), 0);

/** All old pods go before the first new one comes. */
function recreateSizes(wanted: number, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const sizes = new Map(old.map((set) => [set.metadata.name, 0]));
  const remaining = total(old, (set) => Math.max(size(set), set.status?.replicas ?? 0, isObserved(set) ? 0 : 1));
  return sizes.set(current.metadata.name, remaining > 0 ? size(current) : wanted);
}

/** Whether the status speaks of the set as it is now: it may come a while after the pods. */
function isObserved({ metadata, status }: ReplicaSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

function rollingSizes(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const wanted = deployment.spec?.replicas ?? 1;
  const { surge, unavailable } = roomOf(deployment);
  const all = [current, ...old];
  const free = wanted + surge - total(all, size);
  const grown = size(current) > wanted ? wanted : size(current) + Math.max(0, Math.min(free, wanted - size(current)));
  const sizes = new Map([[current.metadata.name, grown]]);
  const least = wanted - unavailable;
  const available = (set: ReplicaSet) => set.status?.availableReplicas ?? 0;
  const newUnavailable = Math.max(0, grown - available(current));
  let spare = total(all, size) - least - newUnavailable;
  // First what does not work anyway, then what works as far as enough stays.
  const cleaned = old.toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
  for (const set of cleaned) {
    const broken = Math.min(Math.max(0, spare), Math.max(0, size(set) - available(set)));
    sizes.set(set.metadata.name, size(set) - broken);
    spare -= broken;
  }
  let idle = total(all, available) - least;
  for (const set of cleaned) {
    const left = sizes.get(set.metadata.name) ?? 0;
    const drop = Math.max(0, Math.min(left, idle));
    sizes.set(set.metadata.name, left - drop);
    idle -= drop;
  }
  return sizes;
}

/** A paused Deployment changes no template, but its size still counts: the newest set takes the difference. */
function pausedSizes(wanted: number, current: ReplicaSet, old: readonly ReplicaSet[]): Sizes {
  const others = total(old, size);
  return new Map([[current.metadata.name, Math.max(0, wanted - others)]]);
}
