import {
  controllerOf,
  deployments,
  type EventRecorder,
  endpointSlices,
  type Informer,
  informer,
  jobs,
  type Kube,
  type KubeClient,
  type KubeObject,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
  replicaSets,
  services,
  storageClasses,
} from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';

/** What every controller here works with. */
export interface Cluster {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly signal: AbortSignal;
  readonly live: Live;
}

/** Live copies that several controllers read: each is opened once, when the first of them asks. */
export interface Live {
  readonly pods: Informer<Kube<Pod>>;
  readonly replicaSets: Informer<KindOf<typeof replicaSets>>;
  readonly deployments: Informer<KindOf<typeof deployments>>;
  readonly jobs: Informer<KindOf<typeof jobs>>;
  readonly services: Informer<KindOf<typeof services>>;
  readonly endpointSlices: Informer<KindOf<typeof endpointSlices>>;
  readonly nodes: Informer<KindOf<typeof nodes>>;
  readonly claims: Informer<KindOf<typeof persistentVolumeClaims>>;
  readonly volumes: Informer<KindOf<typeof persistentVolumes>>;
  readonly storageClasses: Informer<KindOf<typeof storageClasses>>;
}

/** The type of a resource's objects. */
export type KindOf<R> = R extends Resource<infer T> ? T : never;

/** The indexes that live copies have; see each one's meaning beside it. */
export const BY = {
  /** Namespace. */
  namespace: 'namespace',
  /** uid of the controller. */
  owner: 'owner',
  /** Pods by node, `''` for those that wait for one. */
  node: 'node',
  /** Pods by `namespace/claim`, volumes by the claim they are for. */
  claim: 'claim',
} as const;

const byNamespace = (object: KubeObject) => [object.metadata.namespace ?? ''];
const byOwner = (object: KubeObject) => [controllerOf(object)?.uid ?? ''];

/** The keys of the claims that a pod mounts, as `namespace/name`. */
export function claimsOf(pod: Kube<Pod>): string[] {
  const names = (pod.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  return names.map((name) => `${pod.metadata.namespace}/${name}`);
}

/** Opens live copies on first use; they end with `signal`. */
export function liveCopies(client: KubeClient, { clock, log }: { clock: Clock; log: Logger }, signal: AbortSignal): Live {
  const opened = new Map<string, unknown>();
  function open<T extends KubeObject>(resource: Resource<T>, indexes: Record<string, (object: T) => readonly string[]>): Informer<T> {
    const known = opened.get(resource.plural);
    // Each plural is opened with one type only, by the getters below.
    if (known) return known as Informer<T>;
    const made = informer(
      client,
      resource,
      { indexes: { [BY.namespace]: byNamespace, [BY.owner]: byOwner, ...indexes }, clock, log },
      signal,
    );
    opened.set(resource.plural, made);
    return made;
  }
  return {
    get pods() {
      return open(pods, { [BY.node]: (pod) => [pod.spec?.nodeName ?? ''], [BY.claim]: claimsOf });
    },
    get volumes() {
      return open(persistentVolumes, {
        [BY.claim]: ({ spec }) => (spec?.claimRef ? [`${spec.claimRef.namespace}/${spec.claimRef.name}`] : []),
      });
    },
    get replicaSets() {
      return open(replicaSets, {});
    },
    get deployments() {
      return open(deployments, {});
    },
    get jobs() {
      return open(jobs, {});
    },
    get services() {
      return open(services, {});
    },
    get endpointSlices() {
      return open(endpointSlices, {});
    },
    get nodes() {
      return open(nodes, {});
    },
    get claims() {
      return open(persistentVolumeClaims, {});
    },
    get storageClasses() {
      return open(storageClasses, {});
    },
  };
}
