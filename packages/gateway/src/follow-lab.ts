import { instances, LABEL, templates, tenants } from '@crownlabs/api';
import { clusterRoleBindings, clusterRoles, informer, type KubeClient, pods, roleBindings, roles } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';
import type { GatewayOptions } from './gateway.ts';

/** Follows everything that a gateway must know of the lab, as `client`'s user, until `signal` aborts. */
export function followLab(
  client: KubeClient,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Pick<GatewayOptions, 'watched' | 'rights'> {
  const options = { clock, log };
  return {
    watched: {
      instances: informer(client, instances, options, signal),
      pods: informer(client, pods, { ...options, labelSelector: LABEL.instance }, signal),
      templates: informer(client, templates, options, signal),
      tenants: informer(client, tenants, options, signal),
    },
    rights: [
      informer(client, roles, options, signal),
      informer(client, roleBindings, options, signal),
      informer(client, clusterRoles, options, signal),
      informer(client, clusterRoleBindings, options, signal),
    ],
  };
}
