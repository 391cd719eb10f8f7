import { ANNOTATION } from '@crownlabs/api';
import { ownedBy } from '@crownlabs/client';
import { hardwareAddressOf } from '../guest/hardware.ts';
import { podCard } from '../guest/networks.ts';
import type { GuestSpec } from '../kinds/guest-schema.ts';
import { type Disk, disks, type Guest, guests, type Machine } from '../kinds/kinds.ts';
import { isAsleep, isPrepared } from './asleep.ts';

/** The guest of a machine: its template, with a hardware address that stays over restarts. */
export function desiredGuest(machine: Machine): Omit<Guest, 'metadata'> & { metadata: Record<string, unknown> } {
  const { name, namespace } = machine.metadata;
  const { metadata = {}, spec } = machine.spec.template;
  return {
    apiVersion: `${guests.group}/${guests.version}`,
    kind: guests.kind,
    metadata: {
      name,
      namespace,
      labels: { ...metadata.labels, 'kubevirt.io/vm': name },
      annotations: {
        ...metadata.annotations,
        ...(isAsleep(machine) ? { [ANNOTATION.resumed]: 'true' } : {}),
        ...(isPrepared(machine) ? { [ANNOTATION.prepare]: 'true' } : {}),
      },
      ownerReferences: [ownedBy(machine)],
    },
    spec: withAddress(spec, machine.metadata.uid ?? ''),
  };
}

function withAddress(spec: GuestSpec, uid: string): GuestSpec {
  const { devices } = spec.domain;
  const first = podCard(spec);
  const { interfaces: cards = first ? [first] : [] } = devices;
  const interfaces = cards.map((card) => (card.name === first?.name ? { macAddress: hardwareAddressOf(uid), ...card } : card));
  return { ...spec, domain: { ...spec.domain, devices: { ...devices, interfaces } } };
}

/** The disks that a machine makes for itself. */
export function desiredDisks(machine: Machine): Disk[] {
  return (machine.spec.dataVolumeTemplates ?? []).map(({ metadata, spec }) => ({
    apiVersion: `${disks.group}/${disks.version}`,
    kind: disks.kind,
    metadata: {
      name: metadata.name,
      namespace: machine.metadata.namespace ?? '',
      ...(metadata.labels ? { labels: metadata.labels } : {}),
      ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
      ownerReferences: [ownedBy(machine)],
    },
    spec,
  }));
}
