import { disksOf } from '../guest/drives.ts';
import { extraDevices } from '../guest/extra-devices.ts';
import { guestMemory, isOldBoard, mebibytes, processors } from '../guest/hardware.ts';
import { extraCards, podCard } from '../guest/networks.ts';
import type { GuestSpec } from '../kinds/guest-schema.ts';

/** What a memory knows of its machine, part by part, in the words in which a part that differs is told. */
function shapeOf(spec: GuestSpec): ReadonlyMap<string, string> {
  const { domain, volumes = [] } = spec;
  const { devices } = domain;
  const disks = disksOf(spec).map(({ name, disk, cdrom, bootOrder, serial }) => {
    const seed = volumes.some((volume) => volume.name === name && volume.cloudInitNoCloud);
    return [cdrom ? `cd ${cdrom.bus ?? 'sata'}` : `disk ${disk?.bus ?? 'virtio'}`, seed, bootOrder, serial];
  });
  const shown = (it: unknown) => JSON.stringify(it);
  return new Map([
    ['number of processors', shown(processors(domain))],
    ['amount of memory', shown(mebibytes(guestMemory(domain)))],
    ['board', shown(isOldBoard(domain))],
    ['set of disks', shown(disks)],
    ['network card', shown(podCard(spec) && (podCard(spec)?.model ?? 'virtio'))],
    ['set of networks', shown(extraCards(spec).map(({ card }) => card.model ?? 'virtio'))],
    ['number of shared folders', shown((devices.filesystems ?? []).length)],
    ['screen', shown(devices.autoattachGraphicsDevice !== false)],
    ['processor', shown(domain.cpu?.model ?? '')],
    ['set of other devices', shown(extraDevices(domain))],
    ['serial console', shown(devices.autoattachSerialConsole !== false)],
  ]);
}

/** What a machine has otherwise than the one whose memory it should go on from, in words; nothing when it fits. */
export function misfit(prepared: GuestSpec, guest: GuestSpec): string | undefined {
  const wanted = shapeOf(guest);
  const other = [...shapeOf(prepared)].filter(([part, as]) => wanted.get(part) !== as).map(([part]) => part);
  return other.length === 0 ? undefined : `it has another ${other.join(', another ')}`;
}
