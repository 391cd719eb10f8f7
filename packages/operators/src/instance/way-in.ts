import { type Environment, GUI_PORT, type Instance, instancePath, isMachine, LABEL } from '@crownlabs/api';
import { apiVersionOf, httpRoutes, ingresses, type Resource, services } from '@crownlabs/client';
import type { ServicePort } from 'kubernetes-types/core/v1.js';
import type { IngressSpec } from 'kubernetes-types/networking/v1.js';
import type { OperatorsConfig } from '../config.ts';
import { type Piece, piece } from '../converge.ts';
import { childMetadata } from './desired.ts';
import type { EnvironmentFacts } from './facts.ts';
import { selectorLabels } from './labels.ts';
import { SSH_PORT } from './machine/desired.ts';

/** What of an installation decides the way in. */
export type WayInConfig = Pick<OperatorsConfig, 'exposition' | 'publicUrl' | 'ingress' | 'httpRoute'>;

/** The objects through which an environment is reached, and the kinds of those that another mode may have left. */
export interface WayIn {
  readonly pieces: readonly Piece[];
  readonly leftovers: readonly Resource[];
}

/** How people get in: a Service always, and in two of the modes a route beside it. */
export function wayIn(instance: Instance, it: EnvironmentFacts, config: WayInConfig): WayIn {
  const { environment, name } = it;
  const service = desiredService(instance, environment, name);
  const routed = isRouted(environment);
  if (config.exposition === 'ingress' && routed) {
    return { pieces: [service, desiredIngress(instance, environment, { name, config })], leftovers: [httpRoutes] };
  }
  if (config.exposition === 'httproute' && routed) {
    // The old way in stays until the new one works.
    return { pieces: [service, desiredRoute(instance, environment, { name, config })], leftovers: isAccepted(it) ? [ingresses] : [] };
  }
  return { pieces: [service], leftovers: [ingresses, httpRoutes] };
}

/** Everything that a way in may consist of. */
export const WAY_IN_KINDS: readonly Resource[] = [services, ingresses, httpRoutes];

/** Whether an environment has a page or a desktop that a route could lead to. */
export function isRouted({ guiEnabled }: Pick<Environment, 'guiEnabled'>): boolean {
  return guiEnabled;
}

/** Whether the way in is open, as far as whoever opens it says so. */
export function isOpen(it: EnvironmentFacts, { exposition }: Pick<OperatorsConfig, 'exposition'>): boolean {
  if (it.service === undefined || it.service.metadata.deletionTimestamp !== undefined) return false;
  if (!isRouted(it.environment) || exposition === 'gateway') return true;
  return exposition === 'ingress' ? it.ingress !== undefined : isAccepted(it);
}

/** Whether the Gateway took the route in. */
function isAccepted({ route }: EnvironmentFacts): boolean {
  return route?.status?.parents?.[0]?.conditions?.some(({ type, status }) => type === 'Accepted' && status === 'True') === true;
}

/** The Service, headless: it names the pod and keeps no address of its own. */
function desiredService(instance: Instance, environment: Environment, name: string): Piece {
  const metadata = childMetadata(instance, environment, name);
  const labels = { ...metadata.labels, ...(environment.environmentType === 'Container' ? { [LABEL.metricsEnabled]: 'true' } : {}) };
  return piece(services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata, labels },
    spec: { clusterIP: 'None', selector: selectorLabels(instance, environment), ports: portsOf(environment) },
  });
}

function portsOf(environment: Environment): ServicePort[] {
  const port = (name: string, number: number): ServicePort => ({ name, port: number, targetPort: number, protocol: 'TCP' });
  const ports = [...(isMachine(environment) ? [port('ssh', SSH_PORT)] : []), ...(environment.guiEnabled ? [port('gui', GUI_PORT)] : [])];
  return ports.length > 0 ? ports : [port('metrics', 9090)];
}

interface RouteParts {
  readonly name: string;
  readonly config: WayInConfig;
}

const NGINX = 'nginx.ingress.kubernetes.io';

/** The Ingress of an environment, with the annotations of ingress-nginx. */
function desiredIngress(instance: Instance, environment: Environment, { name, config }: RouteParts): Piece {
  const { host, protocol } = new URL(config.publicUrl);
  const { className, tlsSecret, authUrl } = config.ingress;
  const { path, target } = ingressPath(instance, environment);
  const spec: IngressSpec = {
    ...(className === undefined ? {} : { ingressClassName: className }),
    rules: [
      {
        host: host.replace(/:\d+$/, ''),
        http: { paths: [{ path, pathType: 'Prefix', backend: { service: { name, port: { number: GUI_PORT } } } }] },
      },
    ],
    ...(protocol === 'https:' ? { tls: [{ hosts: [host.replace(/:\d+$/, '')], secretName: tlsSecret }] } : {}),
  };
  const annotations = {
    [`${NGINX}/proxy-read-timeout`]: '3600',
    [`${NGINX}/proxy-send-timeout`]: '3600',
    ...(target === undefined ? {} : { [`${NGINX}/rewrite-target`]: target }),
    ...(authUrl === undefined
      ? {}
      : { [`${NGINX}/auth-url`]: `${authUrl}/auth`, [`${NGINX}/auth-signin`]: `${authUrl}/start?rd=$escaped_request_uri` }),
  };
  const metadata = { ...childMetadata(instance, environment, name), annotations };
  return piece(ingresses, { apiVersion: apiVersionOf(ingresses), kind: 'Ingress', metadata, spec });
}

/** Machines serve at their root; containers below their path, unless they ask for their root as well. */
function ingressPath(instance: Instance, environment: Environment): { path: string; target?: string } {
  const path = pathOf(instance, environment);
  if (isMachine(environment)) return { path: `${path}/(.*)`, target: '/$1' };
  return environment.rewriteURL ? { path: `${path}(/|$)(.*)`, target: '/$2' } : { path };
}

function pathOf(instance: Instance, environment: Environment): string {
  return instancePath(instance.metadata.uid ?? '', environment.name).replace(/\/$/, '');
}

/** The HTTPRoute of an environment, at the Gateway of the installation. */
function desiredRoute(instance: Instance, environment: Environment, { name, config }: RouteParts): Piece {
  const { gateway } = config.httpRoute;
  const toRoot = isMachine(environment) || environment.rewriteURL;
  return piece(httpRoutes, {
    apiVersion: apiVersionOf(httpRoutes),
    kind: httpRoutes.kind,
    metadata: childMetadata(instance, environment, name),
    spec: {
      parentRefs: [{ name: gateway.name, namespace: gateway.namespace }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: pathOf(instance, environment) } }],
          ...(toRoot
            ? { filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '' } } }] }
            : {}),
          backendRefs: [{ name, port: GUI_PORT }],
          timeouts: { request: '3600s', backendRequest: '3600s' },
        },
      ],
    },
  });
}
