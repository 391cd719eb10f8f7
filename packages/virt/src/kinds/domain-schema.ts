import { quantity } from '@crownlabs/api';
import { z } from 'zod';
import { alwaysOff, label, MOST, MOST_NETWORKS, nothing, port, text, unrealised, unused, unusedValue } from './unrealised.ts';

const Resources = z.object({
  requests: z.record(text, quantity('An amount.')).optional(),
  limits: z.record(text, quantity('An amount.')).optional(),
  overcommitGuestOverhead: z.boolean().optional(),
});

const PLACED = 'devices are given their places on the bus: leave it out';

const Disk = z.object({
  name: label.describe('The volume behind the disk.'),
  bootOrder: z.int().min(1).optional().describe('Disks with a lower number are booted from first.'),
  serial: text.optional(),
  cache: z.enum(['none', 'writethrough', 'writeback']).optional(),
  disk: z
    .object({
      bus: z.enum(['virtio', 'sata', 'scsi', 'usb']).optional(),
      readonly: z.boolean().optional(),
      pciAddress: unrealised(PLACED, 'text'),
    })
    .optional(),
  cdrom: z
    .object({ bus: z.enum(['sata', 'scsi', 'virtio']).optional(), readonly: z.boolean().optional(), tray: z.enum(['closed']).optional() })
    .optional(),
  io: unusedValue(z.enum(['native', 'threads', 'default', '']), 'How the disk is written to.'),
  dedicatedIOThread: unusedValue(z.boolean(), 'A thread of its own.'),
  tag: unusedValue(text, 'A tag for the guest.'),
  lun: unrealised('disks are files, and no SCSI device of the host: write disk: {}'),
  shareable: alwaysOff('a disk has one machine at a time: leave it out, and share files through a filesystem'),
  changedBlockTracking: alwaysOff('what changed is not tracked: leave it out'),
  errorPolicy: unrealised('errors of a disk are reported to the guest: leave it out', 'text'),
  blockSize: unrealised('disks have blocks of 512 bytes: leave it out'),
});

const OTHER_BINDING = 'the guest is behind the address of its pod: write masquerade: {}';

const Interface = z.object({
  name: label.describe('The network that the interface is on.'),
  masquerade: nothing.optional(),
  bridge: nothing.optional(),
  model: z.enum(['virtio', 'e1000', 'e1000e', 'rtl8139']).optional(),
  macAddress: text.regex(/^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/).optional(),
  ports: z.array(z.object({ name: text.optional(), protocol: z.enum(['TCP', 'UDP']).optional(), port })).optional(),
  state: z.enum(['up']).optional(),
  tag: unusedValue(text, 'A tag for the guest.'),
  binding: unrealised(OTHER_BINDING),
  macvtap: unrealised(OTHER_BINDING),
  passt: unrealised(OTHER_BINDING),
  passtBinding: unrealised(OTHER_BINDING),
  slirp: unrealised(OTHER_BINDING),
  sriov: unrealised('cards of the host are not handed to machines: write masquerade: {}'),
  bootOrder: unrealised('machines do not start from the network: give a disk a bootOrder', 'number'),
  portRanges: unrealised('ports are named one by one: write ports', 'list'),
  dhcpOptions: unrealised('the guest is told its address, its gateway and its resolver alone: leave it out'),
  pciAddress: unrealised(PLACED, 'text'),
  acpiIndex: unrealised(PLACED, 'number'),
});

const NO_HOST_DEVICES = 'devices of the host are not handed to machines: leave it out';

const Devices = z.object({
  disks: z.array(Disk).max(MOST).optional(),
  interfaces: z.array(Interface).max(MOST_NETWORKS).optional().describe('Cards, each on the network of its name.'),
  filesystems: z
    .array(z.object({ name: label.describe('The volume that is shared.'), virtiofs: nothing }))
    .max(MOST)
    .optional()
    .describe('Volumes that the guest mounts by their name.'),
  rng: nothing.optional(),
  inputs: z.array(z.object({ name: text, type: z.enum(['tablet', 'keyboard']), bus: z.enum(['virtio', 'usb']).optional() })).optional(),
  sound: z
    .object({ name: text, model: z.enum(['ich9', 'ac97']).optional() })
    .optional()
    .describe('A sound card that nobody hears.'),
  watchdog: z
    .object({
      name: text,
      i6300esb: z.object({ action: z.enum(['poweroff', 'reset', 'shutdown']).optional() }).optional(),
      diag288: unrealised('write i6300esb'),
    })
    .optional(),
  autoattachPodInterface: z.boolean().optional(),
  autoattachGraphicsDevice: z.boolean().optional(),
  autoattachSerialConsole: z.boolean().optional(),
  autoattachMemBalloon: z.boolean().optional(),
  autoattachInputDevice: z.boolean().optional(),
  networkInterfaceMultiqueue: z.boolean().optional(),
  blockMultiQueue: z.boolean().optional(),
  logSerialConsole: unusedValue(z.boolean(), 'What the console said is kept with the machine.'),
  disableHotplug: unusedValue(z.boolean(), 'Nothing is plugged into a running machine.'),
  useVirtioTransitional: unusedValue(z.boolean(), 'Devices speak to older systems too.'),
  autoattachVSOCK: alwaysOff('a machine is reached by its network alone: leave it out'),
  tpm: unrealised('no security chip is emulated: leave it out'),
  gpus: unrealised(NO_HOST_DEVICES, 'list'),
  hostDevices: unrealised(NO_HOST_DEVICES, 'list'),
  clientPassthrough: unrealised('devices of the person who looks on are not handed to machines: leave it out'),
  downwardMetrics: unrealised('metrics of the host are not shown to machines: leave it out'),
  panicDevices: unrealised('a guest that panics is seen by its probes: leave it out', 'list'),
  video: unrealised('the screen is a VGA card: leave it out'),
});

const Processors = z.object({
  cores: z.int().min(1).optional(),
  sockets: z.int().min(1).optional(),
  threads: z.int().min(1).optional(),
  model: text
    .regex(/^[\w.-]*$/)
    .optional()
    .describe('A processor that the emulator knows. The usual one where it is left out, or is host-model or host-passthrough.'),
  maxSockets: unusedValue(z.int(), 'No processor is plugged into a running machine.'),
  dedicatedCpuPlacement: alwaysOff('machines share the processors of this one: leave it out, or give requests and limits of cpu'),
  isolateEmulatorThread: alwaysOff('machines share the processors of this one: leave it out'),
  features: unrealised('a guest has the features of its model: name that, or leave it out', 'list'),
  numa: unrealised('a guest has one node of memory: leave it out'),
  realtime: unrealised('machines share the processors of this one: leave it out'),
});

const Firmware = z.object({
  uuid: text.optional(),
  serial: text.optional(),
  bootloader: z
    .object({
      bios: z.object({ useSerial: unusedValue(z.boolean(), 'The firmware is silent.') }).optional(),
      efi: unrealised('machines start by a BIOS: leave it out if the disk does so too, as most cloud images do'),
    })
    .optional(),
  kernelBoot: unrealised('the kernel is booted from the disk: leave it out'),
  acpi: unrealised('a machine has no tables of other makers: leave it out'),
});

/** What a machine is made of. */
export const Domain = z.object({
  cpu: Processors.optional(),
  memory: z
    .object({
      guest: quantity('What the guest sees.').optional(),
      maxGuest: quantity('No memory is plugged into a running machine. Kept as it is.').optional(),
      hugepages: unrealised('memory comes in pages of the usual size: leave it out'),
      reservedOverhead: unrealised('what the emulator needs is added to what the guest sees: leave it out'),
    })
    .optional(),
  resources: Resources.optional(),
  machine: z
    .object({ type: text.regex(/^((pc-)?q35(-.*)?|pc(-i440fx-.*)?)?$/).optional() })
    .optional()
    .describe('q35, or pc for systems that need an older board; a version of them is not told from another.'),
  firmware: Firmware.optional(),
  features: unused('Processor features.').optional(),
  clock: z
    .object({
      utc: unused('What the clock shows.').optional(),
      timer: unused('Timers.').optional(),
      timezone: unrealised('the clock shows UTC: leave it out, and set the time zone in the guest', 'text'),
    })
    .optional(),
  devices: Devices,
  rebootPolicy: z.enum(['Reboot', 'Terminate']).optional(),
  ioThreadsPolicy: unusedValue(text, 'How disks are written to.'),
  ioThreads: unused('How disks are written to.').optional(),
  chassis: unrealised('what the case says is not chosen: leave it out'),
  launchSecurity: unrealised('the memory of guests is not encrypted: leave it out'),
});
