import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { services } from '@crownlabs/client';
import type { Container, ServicePort } from 'kubernetes-types/core/v1.js';
import type { Endpoint, EndpointPort } from 'kubernetes-types/discovery/v1.js';
import type { KindOf } from '../cluster.ts';
import { isFinished, isReady, type Pod } from '../pod-state.ts';

/** A Service as the client reads it. */
export type Service = KindOf<typeof services>;

/** Endpoints that share their ports: one EndpointSlice. */
export interface Slice {
  readonly name: string;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** The slices of `service`, from the pods that it selects. Pods whose named ports have other numbers need a slice of their own. */
export function desiredSlices(service: Service, pods: readonly Pod[]): Slice[] {
  const bySet = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    if (isFinished(pod) || !pod.status?.podIP) continue;
    const ports = (service.spec?.ports ?? []).flatMap((port) => resolve(port, pod) ?? []);
    const key = JSON.stringify(ports);
    const slice = bySet.get(key) ?? { ports, endpoints: [] };
    slice.endpoints.push(endpointOf(service, pod, pod.status.podIP));
    bySet.set(key, slice);
  }
  // A service without pods has an empty slice: whoever reads it learns that there is nobody, and not that nobody knows.
  if (bySet.size === 0) bySet.set('', { ports: [], endpoints: [] });
  return [...bySet].map(([key, { ports, endpoints }], at) => ({
    name: sliceName(service, at === 0 ? '' : key),
    ports,
    endpoints: endpoints.toSorted((a, b) => (a.addresses[0] ?? '').localeCompare(b.addresses[0] ?? '')),
  }));
}

function sliceName({ metadata }: Service, key: string): string {
  const digest = createHash('sha256').update(`${metadata.uid}/${key}`).digest('hex').slice(0, 5);
  return `${metadata.name.slice(0, 57)}-${digest}`;
}

function endpointOf({ spec }: Service, pod: Pod, address: string): Endpoint {
  const { name, namespace, uid, deletionTimestamp } = pod.metadata;
  const serving = isReady(pod);
  const terminating = deletionTimestamp !== undefined;
  return {
    addresses: [address],
    conditions: { ready: spec?.publishNotReadyAddresses === true || (serving && !terminating), serving, terminating },
    ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
    ...(pod.spec?.hostname && { hostname: pod.spec.hostname }),
    targetRef: { kind: 'Pod', name, ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }) },
  };
}

function resolve({ name = '', port, protocol = 'TCP', targetPort, appProtocol }: ServicePort, pod: Pod): EndpointPort | undefined {
  const target: unknown = targetPort ?? port;
  const number = typeof target === 'number' ? target : (numeric(String(target)) ?? namedPort(String(target), protocol, pod));
  return number === undefined ? undefined : { name, port: number, protocol, ...(appProtocol !== undefined && { appProtocol }) };
}

function numeric(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function namedPort(name: string, protocol: string, { spec }: Pod): number | undefined {
  const ports = (spec?.containers ?? []).flatMap(({ ports: list = [] }: Container) => list);
  return ports.find((port) => port.name === name && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

/** Of which family the addresses of a slice are. */
export function familyOf({ endpoints }: Slice): 'IPv4' | 'IPv6' {
  return isIPv6(endpoints[0]?.addresses[0] ?? '') ? 'IPv6' : 'IPv4';
}

/** The subsets of the older Endpoints object. */
export function desiredSubsets(slices: readonly Slice[]) {
  return slices
    .filter(({ endpoints }) => endpoints.length > 0)
    .map(({ ports, endpoints }) => {
      const address = ({ addresses, nodeName, targetRef, hostname }: Endpoint) => ({
        ip: addresses[0] ?? '',
        ...(nodeName !== undefined && { nodeName }),
        ...(hostname !== undefined && { hostname }),
        ...(targetRef && { targetRef }),
      });
      const ready = endpoints.filter(({ conditions }) => conditions?.ready).map(address);
      const notReady = endpoints.filter(({ conditions }) => !conditions?.ready && !conditions?.terminating).map(address);
      const named = ports.map(({ name = '', port, protocol }) => ({
        ...(name && { name }),
        port: port ?? 0,
        ...(protocol && { protocol }),
      }));
      return {
        ...(ready.length > 0 && { addresses: ready }),
        ...(notReady.length > 0 && { notReadyAddresses: notReady }),
        ports: named,
      };
    });
}
