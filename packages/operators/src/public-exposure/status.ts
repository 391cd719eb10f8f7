import type { InstanceStatus } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { Finding } from '../conditions.ts';
import type { Holding } from './allocate.ts';

/** Conditions of Instances that tell of public exposure. */
export const EXPOSURE_CONDITIONS: readonly string[] = ['PubliclyExposed', 'PublicExposureSupported'];

/** How far an instance's exposure is. */
export type Exposure =
  /** Nobody asked for it, or it is stopped. */
  | { readonly is: 'off' }
  | { readonly is: 'refused'; readonly reason: string; readonly message: string; readonly supported: boolean }
  | { readonly is: 'open'; readonly holding: Holding; readonly service: Kube<Service> | undefined };

type ExposureStatus = NonNullable<InstanceStatus['publicExposure']>;

/** What the status says of it; nothing while there is nothing to say. */
export function exposureStatus(exposure: Exposure): ExposureStatus | undefined {
  if (exposure.is === 'off') return undefined;
  if (exposure.is === 'refused') return { phase: 'Error', message: exposure.message };
  const { holding, service } = exposure;
  const ports = [...holding.ports];
  const address = service?.status?.loadBalancer?.ingress?.find(({ ip }) => ip !== undefined)?.ip;
  if (address === undefined) return { phase: 'Provisioning', message: 'waiting for LoadBalancer IP', externalIP: holding.ip, ports };
  return { phase: 'Ready', message: '', externalIP: address, ports };
}

/** The same as conditions, with reasons. */
export function exposureFindings(exposure: Exposure): Finding[] {
  const status = exposureStatus(exposure);
  if (exposure.is === 'off' || !status) return [];
  if (exposure.is === 'refused') {
    const { reason, message } = exposure;
    const supported = exposure.supported ? [] : [{ type: 'PublicExposureSupported', status: 'False', reason, message } as const];
    return [{ type: 'PubliclyExposed', status: 'False', reason, message }, ...supported];
  }
  if (status.phase !== 'Ready') {
    const message = 'Waiting for the load balancer to answer at the address. If this lasts for minutes, tell your administrator.';
    return [{ type: 'PubliclyExposed', status: 'False', reason: 'WaitingForAddress', message }];
  }
  const where = exposure.holding.ports.map(({ name, port, protocol }) => `${name} at ${port}/${protocol}`).join(', ');
  const message = `Reachable from the Internet at ${status.externalIP}: ${where}.`;
  return [{ type: 'PubliclyExposed', status: 'True', reason: 'Exposed', message }];
}
