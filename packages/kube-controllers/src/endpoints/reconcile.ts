import { endpointSlices, endpoints as endpointsKind, informer, keyOf, ownedBy } from '@crownlabs/client';
import { type Controller, controller, ownedByKind, type Reconcile, watched } from '@crownlabs/controller';
import { hasCode, sameJson } from '@crownlabs/std';
import { BY, type Cluster, type KindOf } from '../cluster.ts';
import type { Pod } from '../pod-state.ts';
import { desiredSlices, desiredSubsets, familyOf, type Service, type Slice } from './desired.ts';

type Endpoints = KindOf<typeof endpointsKind>;

const SERVICE = 'kubernetes.io/service-name';
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const MANAGER = 'endpointslice-controller.k8s.io';

/** Which of the two forms the controller writes. */
export interface EndpointsParts {
  readonly slices: boolean;
  readonly endpoints: boolean;
}

/** Tells where the pods behind each Service are, in EndpointSlices and in the older Endpoints. */
export function endpointsController(cluster: Cluster, parts: EndpointsParts): Controller {
  const { live, log, clock, client, signal } = cluster;
  const older = informer(client, endpointsKind, { clock, log }, signal);
  return controller({
    name: 'endpoints',
    // All that it does is to tell, of pods that come in several steps.
    reconcile: async () => undefined,
    report: reconcileService(cluster, parts, (name, namespace) => older.get(name, namespace)),
    sources: [
      watched(live.services),
      watched(live.pods, { when: placeChanged, keys: (pod) => servicesOf(cluster, pod).map(keyOf) }),
      ownedByKind(live.endpointSlices, { kind: 'Service', namespaced: true }),
      watched(older, { when: (now) => !now }),
    ],
    log,
    clock,
  });
}

function servicesOf({ live }: Cluster, pod: Pod): Service[] {
  const labels = pod.metadata.labels ?? {};
  return live.services.byIndex(BY.namespace, pod.metadata.namespace ?? '').filter(({ spec }) => {
    const wanted = Object.entries(spec?.selector ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
}

/** Most changes of a pod say nothing of where it is or whether it serves. */
function placeChanged(now: Pod | undefined, before: Pod | undefined): boolean {
  const place = (pod: Pod | undefined) =>
    pod && [
      pod.status?.podIP,
      pod.status?.phase,
      pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
      pod.metadata.deletionTimestamp !== undefined,
      pod.metadata.labels,
    ];
  return JSON.stringify(place(now)) !== JSON.stringify(place(before));
}

function reconcileService(
  cluster: Cluster,
  parts: EndpointsParts,
  endpointsOf: (name: string, namespace?: string) => Endpoints | undefined,
): Reconcile {
  const { live, client } = cluster;
  return async ({ name, namespace }) => {
    const service = live.services.get(name, namespace);
    if (!service) {
      // Slices go with their owner; Endpoints share only its name.
      const left = endpointsOf(name, namespace);
      if (parts.endpoints && left?.metadata.labels?.[MANAGED_BY] === MANAGER) await client.delete(endpointsKind, name, namespace);
      return undefined;
    }
    const pods = selectedPods(cluster, service);
    if (!pods) return undefined;
    const slices = desiredSlices(service, pods);
    await Promise.all([
      parts.slices && writeSlices(cluster, service, slices),
      parts.endpoints && writeEndpoints(cluster, service, slices, endpointsOf(name, namespace)),
    ]);
    return undefined;
  };
}

/** The pods behind a Service; undefined where somebody else says where it is, because it selects none. */
function selectedPods({ live }: Cluster, { spec, metadata }: Service): Pod[] | undefined {
  const selector = Object.entries(spec?.selector ?? {});
  if (selector.length === 0 || spec?.type === 'ExternalName' || metadata.deletionTimestamp !== undefined) return undefined;
  return live.pods
    .byIndex(BY.namespace, metadata.namespace ?? '')
    .filter((pod) => selector.every(([key, value]) => pod.metadata.labels?.[key] === value));
}

async function writeSlices({ client, live }: Cluster, service: Service, slices: readonly Slice[]): Promise<void> {
  const present = live.endpointSlices
    .byIndex(BY.owner, service.metadata.uid ?? '')
    .filter(({ metadata }) => metadata.labels?.[MANAGED_BY] === MANAGER);
  for (const slice of slices) {
    const found = present.find(({ metadata }) => metadata.name === slice.name);
    if (found && sameJson(found.endpoints ?? [], slice.endpoints) && sameJson(found.ports ?? [], slice.ports)) continue;
    const object = sliceObject(service, slice);
    if (found) await client.replace(endpointSlices, { ...object, metadata: { ...found.metadata, labels: object.metadata.labels } });
    else await client.create(endpointSlices, object).catch(unlessPresent);
  }
  const stale = present.filter(({ metadata }) => !slices.some((slice) => slice.name === metadata.name));
  for (const { metadata } of stale) await client.delete(endpointSlices, metadata.name, metadata.namespace);
}

function sliceObject(service: Service, slice: Slice) {
  const { name, namespace = '' } = service.metadata;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: slice.name,
      namespace,
      labels: { ...service.metadata.labels, [SERVICE]: name, [MANAGED_BY]: MANAGER },
      ownerReferences: [ownedBy({ ...service, apiVersion: 'v1', kind: 'Service' })],
    },
    addressType: familyOf(slice),
    endpoints: [...slice.endpoints],
    ports: [...slice.ports],
  };
}

async function writeEndpoints(
  { client }: Cluster,
  service: Service,
  slices: readonly Slice[],
  found: Endpoints | undefined,
): Promise<void> {
  const subsets = desiredSubsets(slices);
  if (found && sameJson(found.subsets ?? [], subsets)) return;
  const { name, namespace = '' } = service.metadata;
  const labels = { ...service.metadata.labels, [MANAGED_BY]: MANAGER };
  const object = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace, labels }, subsets };
  if (found) await client.replace(endpointsKind, { ...object, metadata: { ...found.metadata, labels } });
  else await client.create(endpointsKind, object).catch(unlessPresent);
}

/** Made a moment ago: the watch will show it, and bring us back. */
function unlessPresent(error: unknown): void {
  if (!hasCode(error, 'AlreadyExists')) throw error;
}
