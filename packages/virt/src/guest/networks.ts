import type { NetworkWish } from '@crownlabs/client';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { hardwareAddressOf } from './hardware.ts';

type Interface = NonNullable<GuestSpec['domain']['devices']['interfaces']>[number];

/** The resource of a node by which pods ask for the device through which an emulator is plugged into a network, as KubeVirt has it. */
export const TUN_RESOURCE = 'devices.kubevirt.io/tun';

/** A card of a guest on a network beside that of its pod. */
export interface ExtraCard {
  readonly card: Interface;
  /** The NetworkAttachmentDefinition of the network, in the guest's namespace. */
  readonly network: string;
  /** What the network's end is called in the pod. */
  readonly device: string;
}

/** The card on the network of the pod; nothing where the guest has none. */
export function podCard(spec: GuestSpec): Interface | undefined {
  const { interfaces = [{ name: 'default', masquerade: {} }], autoattachPodInterface } = spec.domain.devices;
  if (autoattachPodInterface === false && spec.domain.devices.interfaces === undefined) return undefined;
  return interfaces.find(({ name }) => networkOf(spec, name) === undefined);
}

/** The cards on other networks, in their order. */
export function extraCards(spec: GuestSpec): readonly ExtraCard[] {
  const found = (spec.domain.devices.interfaces ?? []).flatMap((card) => {
    const network = networkOf(spec, card.name);
    return network === undefined ? [] : [{ card, network }];
  });
  return found.map((it, index) => ({ ...it, device: `net${index + 1}` }));
}

function networkOf({ networks = [] }: GuestSpec, name: string): string | undefined {
  return networks.find((it) => it.name === name)?.multus?.networkName;
}

/** The networks that the pod of a guest asks for. */
export function networkWishes(spec: GuestSpec, namespace: string): NetworkWish[] {
  return extraCards(spec).map(({ network, device }) => ({ name: network, namespace, interface: device }));
}

/** The hardware address of a card on another network: the same in every life of the guest, because guests know their cards by it. */
export function extraAddress(key: string, { name, macAddress }: Interface): string {
  return macAddress ?? hardwareAddressOf(`${key}/${name}`);
}
