import {
  type DataVolume,
  dataVolumes,
  type HttpRoute,
  httpRoutes,
  type InformerOptions,
  type KubeClient,
  type KubeObject,
  type NetworkAttachment,
  networkAttachments,
  type OptionalInformer,
  optionalInformer,
  type Resource,
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';

/** Kinds of others that an installation may have or not. They may come and go while the operators run. */
export interface OptionalKinds {
  readonly machines: OptionalInformer<VirtualMachine>;
  readonly guests: OptionalInformer<VirtualMachineInstance>;
  readonly disks: OptionalInformer<DataVolume>;
  readonly routes: OptionalInformer<HttpRoute>;
  readonly networks: OptionalInformer<NetworkAttachment>;
}

/** Follows the optional kinds, wherever they are installed. */
export function openOptionalKinds(client: KubeClient, options: InformerOptions<KubeObject>, signal: AbortSignal): OptionalKinds {
  const follow = <T extends KubeObject>(resource: Resource<T>) => optionalInformer<T>(client, resource, options, signal);
  return {
    machines: follow(virtualMachines),
    guests: follow(virtualMachineInstances),
    disks: follow(dataVolumes),
    routes: follow(httpRoutes),
    networks: follow(networkAttachments),
  };
}

/** The optional kinds by plural. */
export function optionalChildren({ machines, guests, disks, routes, networks }: OptionalKinds): [string, OptionalInformer<KubeObject>][] {
  return [
    [virtualMachines.plural, machines],
    [virtualMachineInstances.plural, guests],
    [dataVolumes.plural, disks],
    [httpRoutes.plural, routes],
    [networkAttachments.plural, networks],
  ];
}
