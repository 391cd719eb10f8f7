import { cutName, type Instance, LABEL, type Template } from '@crownlabs/api';
import { type Kube, networkPolicies, ownedBy, services } from '@crownlabs/client';
import type { Service } from 'kubernetes-types/core/v1.js';
import { type Piece, piece } from '../converge.ts';
import { instanceChildLabels, instanceChildName } from '../instance/labels.ts';
import type { Holding, PublicPort } from './allocate.ts';
import type { PublicExposureConfig } from './config.ts';

/** The value of the component label of what opens an instance to the Internet. */
export const EXPOSURE_COMPONENT = 'pe';

const LONGEST_POLICY_NAME = 253;

/** What an instance wants of the Internet. */
export type ExposureWish =
  | { readonly wanted: false }
  /** It cannot have it; the reason is told. */
  | { readonly wanted: true; readonly reason: string; readonly message: string }
  | { readonly wanted: true; readonly reason?: undefined };

/** Whether ports of an instance are to be opened now. */
export function exposureWish({ spec }: Instance, template: Template | undefined): ExposureWish {
  const asked = (spec.publicExposure?.ports.length ?? 0) > 0;
  if (!asked || !spec.running || !template) return { wanted: false };
  if (!template.spec.allowPublicExposure) {
    const message = 'This template does not let ports be opened to the Internet. Ask your teacher if you need it.';
    return { wanted: true, reason: 'PublicExposureNotAllowed', message };
  }
  if (template.spec.environmentList.length !== 1) {
    const message = 'Ports can be opened to the Internet only where the instance has one environment.';
    return { wanted: true, reason: 'PublicExposureMultipleEnvironments', message };
  }
  return { wanted: true };
}

/** The Service that a load balancer answers. */
export function exposureServiceName(instance: Instance): string {
  return instanceChildName(instance, EXPOSURE_COMPONENT);
}

/** The policy that lets the Internet in. */
export function exposurePolicyName(instance: Instance): string {
  return cutName(`crownlabs-allow-publicexposure-ingress-traffic-${instance.metadata.name}`, LONGEST_POLICY_NAME);
}

/** What opens the ports that an instance was given. */
export function exposurePieces(instance: Instance, { ip, ports }: Holding, config: PublicExposureConfig): Piece[] {
  const common = { namespace: instance.metadata.namespace ?? '', ownerReferences: [ownedBy(instance)] };
  const labels = instanceChildLabels(instance);
  const { [LABEL.managedBy]: _, ...selector } = labels;
  return [
    piece(services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        ...common,
        name: exposureServiceName(instance),
        labels: { ...labels, [LABEL.component]: EXPOSURE_COMPONENT },
        annotations: { ...config.annotations, [config.addressAnnotation]: ip },
      },
      spec: {
        type: 'LoadBalancer',
        selector,
        ports: ports.map(({ name, port, targetPort, protocol }) => ({ name, port, targetPort, protocol })),
      },
    }),
    piece(networkPolicies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { ...common, name: exposurePolicyName(instance), labels },
      spec: {
        podSelector: { matchLabels: { [LABEL.instance]: selector[LABEL.instance] ?? '' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: ports.map(({ targetPort, protocol }) => ({ port: targetPort, protocol })) }],
      },
    }),
  ];
}

/** What a Service says that its instance holds; nothing for a Service that is not of this kind. */
export function holdingOf({ metadata, spec }: Kube<Service>, { addressAnnotation }: PublicExposureConfig): Holding | undefined {
  const ip = metadata.annotations?.[addressAnnotation];
  if (metadata.labels?.[LABEL.component] !== EXPOSURE_COMPONENT || ip === undefined) return undefined;
  const ports = (spec?.ports ?? []).map(({ name = '', port, targetPort, protocol }) => ({
    name,
    port,
    targetPort: typeof targetPort === 'number' ? targetPort : port,
    protocol: protocolOf(protocol),
  }));
  return { ip, ports };
}

function protocolOf(text: string | undefined): PublicPort['protocol'] {
  return text === 'UDP' || text === 'SCTP' ? text : 'TCP';
}
