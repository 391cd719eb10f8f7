import type { GuestSpec } from '../kinds/guest-schema.ts';
import { type Drive, folderPlace } from './drives.ts';
import { extraDevices } from './extra-devices.ts';
import { folderTags } from './folder-tags.ts';
import { guestMemory, isOldBoard, mebibytes, processors } from './hardware.ts';
import { extraAddress, extraCards, podCard } from './networks.ts';
import { PLACES, SOCKETS } from './places.ts';

/** How guests are run on this node: by the processor, or in software where that does not truly work. */
export type Acceleration = 'kvm' | 'tcg';

/** Ports of every guest that can be reached at the pod's address; others are opened when they are asked for. */
const USUAL_PORTS = [22, 80, 443, 3389, 5900, 6080, 8080];

/** What makes a machine. */
export interface EmulatorInput {
  readonly name: string;
  /** The guest's namespace and name. */
  readonly key: string;
  readonly spec: GuestSpec;
  readonly drives: readonly Drive[];
  readonly acceleration: Acceleration;
  readonly mac: string;
  readonly firmwareId: string;
  /** Whether it is a machine that others go on from: it has a card, and nothing at its other end. */
  readonly isPrepared?: boolean;
}

/** The command line of the emulator. https://www.qemu.org/docs/master/system/invocation.html */
export function emulatorCommand(input: EmulatorInput): string[] {
  const { domain } = input.spec;
  return [
    'qemu-system-x86_64',
    '-name',
    `guest=${input.name}`,
    '-uuid',
    domain.firmware?.uuid ?? input.firmwareId,
    ...board(input),
    '-smp',
    String(processors(domain)),
    '-m',
    String(mebibytes(guestMemory(domain))),
    ...screen(domain),
    ...controls(),
    ...consoleDevice(domain),
    ...extraDevices(domain),
    ...input.drives.flatMap(drive),
    ...network(input),
    ...extraNetworks(input),
    ...sharedFolders(input.spec),
    ...(input.spec.startStrategy === 'Paused' ? ['-S'] : []),
    // Whoever breaks out of the emulator finds few system calls that still answer.
    '-sandbox',
    'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
  ];
}

const EMULATED = 'tcg,thread=multi,tb-size=256';

/**
 * In software, a processor that has what today's systems ask for (x86-64-v2) and little more: what is newer takes the emulator longer than it
 * saves its guest. Code is translated once if all of a boot's fits; twice the room for it spares a sixth of the boot.
 */
const PROCESSORS: Readonly<Record<Acceleration, readonly string[]>> = {
  // Where the device is refused after all the machine is emulated, and says so; `max` is all that whoever runs it has.
  kvm: ['-accel', 'kvm', '-accel', EMULATED],
  tcg: ['-accel', EMULATED],
};
const MODELS: Readonly<Record<Acceleration, string>> = { kvm: 'max', tcg: 'Nehalem,+rdrand' };
/** What others call the processor of the host, which is the usual one. */
const USUAL_MODELS = ['', 'host-model', 'host-passthrough'];

function model(acceleration: Acceleration, { cpu: { model: asked = '' } = {} }: GuestSpec['domain']): string[] {
  return ['-cpu', USUAL_MODELS.includes(asked) ? MODELS[acceleration] : asked];
}

function board({ acceleration, spec: { domain } }: EmulatorInput): string[] {
  const machine = isOldBoard(domain) ? 'pc' : 'q35';
  const serial = domain.firmware?.serial;
  return [
    '-machine',
    machine,
    '-nodefaults',
    '-no-user-config',
    '-rtc',
    'base=utc',
    ...PROCESSORS[acceleration],
    ...model(acceleration, domain),
    ...(serial === undefined ? [] : ['-smbios', `type=1,serial=${escaped(serial)}`]),
    // A guest that goes on from a memory is told, and its kernel draws new random numbers. https://docs.kernel.org/virt/ (VMGenID)
    ...plugged('virtio-rng-pci', 'virtio-balloon-pci', 'qemu-xhci', 'vmgenid,guid=auto'),
  ];
}

/** Every machine has a screen, even with nothing installed that would show it. A tablet tells where the pointer is, so that it needs no capture. */
function screen({ devices }: GuestSpec['domain']): string[] {
  const vnc = ['-display', 'none', '-vnc', `unix:${SOCKETS.screen}`];
  if (devices.autoattachGraphicsDevice === false) return [...vnc, '-vga', 'none'];
  return [...vnc, ...plugged('VGA,vgamem_mb=32', 'usb-tablet', 'usb-kbd')];
}

function controls(): string[] {
  return [
    '-qmp',
    `unix:${SOCKETS.control},server=on,wait=off`,
    '-qmp',
    `unix:${SOCKETS.events},server=on,wait=off`,
    '-chardev',
    `socket,id=agent,path=${SOCKETS.agent},server=on,wait=off`,
    ...plugged('virtio-serial-pci', 'virtserialport,chardev=agent,id=agent,name=org.qemu.guest_agent.0'),
  ];
}

function consoleDevice({ devices }: GuestSpec['domain']): string[] {
  if (devices.autoattachSerialConsole === false) return [];
  const chardev = `socket,id=serial0,path=${SOCKETS.console},server=on,wait=off,logfile=${PLACES.run}/console.log`;
  return ['-chardev', chardev, '-serial', 'chardev:serial0'];
}

function drive({ disk, file, format, readOnly }: Drive, index: number): string[] {
  const id = `disk${index}`;
  // What goes with the machine need not outlive the host: a guest that waits for no disk leaves the disk to those who must.
  const cache = disk.cache ?? (file.startsWith(`${PLACES.run}/`) ? 'unsafe' : 'writeback');
  const backing = `id=${id},if=none,file=${escaped(file)},format=${format},cache=${cache},discard=unmap,readonly=${readOnly ? 'on' : 'off'}`;
  return ['-drive', backing, ...device(disk, id, index)];
}

function device(disk: Drive['disk'], id: string, index: number): string[] {
  const bus = disk.cdrom ? (disk.cdrom.bus ?? 'sata') : (disk.disk?.bus ?? 'virtio');
  const options = [
    `drive=${id}`,
    ...(disk.serial === undefined ? [] : [`serial=${escaped(disk.serial)}`]),
    // Machines without an order are booted from their first disk.
    `bootindex=${disk.bootOrder ?? 100 + index}`,
  ].join(',');
  const kind = disk.cdrom ? 'cd' : 'hd';
  if (bus === 'virtio') return ['-device', `virtio-blk-pci,${options}`];
  if (bus === 'scsi') return ['-device', `virtio-scsi-pci,id=scsi${index}`, '-device', `scsi-${kind},bus=scsi${index}.0,${options}`];
  if (bus === 'usb') return ['-device', `usb-storage,${options}`];
  return ['-device', `ide-${kind},bus=ide.${index},${options}`];
}

/** The guest has a network behind its pod's address, as far as the walls of the pod let it; no privilege is needed for it. */
function network({ spec, mac, isPrepared = false }: EmulatorInput): string[] {
  const device = podCard(spec);
  if (!device) return extraCards(spec).length > 0 ? [] : ['-nic', 'none'];
  const { ports = [] } = device;
  const forwards = [...portsOf(spec).map((port) => ({ protocol: 'TCP' as const, port })), ...ports];
  const rules = new Set(forwards.map(({ protocol = 'TCP', port }) => `hostfwd=${protocol.toLowerCase()}::${port}-:${port}`));
  return ['-netdev', isPrepared ? 'hubport,id=net0,hubid=0' : ['user,id=net0,ipv6=off', ...rules].join(','), ...card(device, 'net0', mac)];
}

/** A card on another network is on its wire: the node has put the end of it into the pod, and no privilege is needed to take it. */
function extraNetworks({ spec, key }: EmulatorInput): string[] {
  return extraCards(spec).flatMap(({ card: it, device }) => [
    '-netdev',
    `tap,id=${device},ifname=${device},script=no,downscript=no`,
    ...card(it, device, extraAddress(key, it)),
  ]);
}

function card({ model = 'virtio' }: { readonly model?: string | undefined }, netdev: string, mac: string): string[] {
  const kind = model === 'virtio' ? 'virtio-net-pci' : model;
  return ['-device', `${kind},netdev=${netdev},mac=${mac.replaceAll('-', ':')},romfile=`];
}

function portsOf({ readinessProbe, livenessProbe }: GuestSpec): number[] {
  const probed = [readinessProbe, livenessProbe].flatMap((probe) => [probe?.tcpSocket?.port, probe?.httpGet?.port]);
  return [...new Set([...USUAL_PORTS, ...probed.filter((port) => port !== undefined)])];
}

/** 9P asks for no privilege on this side, which virtiofs does; the guest finds the folder by the same name. */
function sharedFolders(spec: GuestSpec): string[] {
  const folders = spec.domain.devices.filesystems ?? [];
  const tags = folderTags(folders.map(({ name }) => name));
  return folders.flatMap(({ name }, index) => [
    '-fsdev',
    `local,id=fs${index},path=${folderPlace(spec, name)},security_model=none,multidevs=remap`,
    '-device',
    `virtio-9p-pci,fsdev=fs${index},mount_tag=${escaped(tags[index] ?? name)}`,
  ]);
}

function plugged(...names: readonly string[]): string[] {
  return names.flatMap((name) => ['-device', name]);
}

/** A comma would end the value. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,');
}
