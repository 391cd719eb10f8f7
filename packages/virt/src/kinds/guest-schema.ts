import { marked, quantity } from '@crownlabs/api';
import { z } from 'zod';

const nothing = z.object({});
const text = z.string();
const port = z.int().min(1).max(65_535);
/** Said by others for schedulers and networks that one machine does not have: kept, without effect. */
const unused = (what: string) =>
  marked(z.record(z.string(), z.unknown()).describe(`${what} Kept as it is: without effect on a single machine.`), {
    replace: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  });

const Resources = z.object({
  requests: z.record(text, quantity('An amount.')).optional(),
  limits: z.record(text, quantity('An amount.')).optional(),
  overcommitGuestOverhead: z.boolean().optional(),
});

const Disk = z.object({
  name: text.describe('The volume behind the disk.'),
  bootOrder: z.int().min(1).optional().describe('Disks with a lower number are booted from first.'),
  serial: text.optional(),
  cache: z.enum(['none', 'writethrough', 'writeback']).optional(),
  disk: z.object({ bus: z.enum(['virtio', 'sata', 'scsi', 'usb']).optional(), readonly: z.boolean().optional() }).optional(),
  cdrom: z.object({ bus: z.enum(['sata', 'scsi', 'virtio']).optional(), readonly: z.boolean().optional() }).optional(),
});

const Interface = z.object({
  name: text.describe('The network that the interface is on.'),
  masquerade: nothing.optional(),
  bridge: nothing.optional(),
  model: z.enum(['virtio', 'e1000', 'e1000e', 'rtl8139']).optional(),
  macAddress: text.regex(/^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/).optional(),
  ports: z.array(z.object({ name: text.optional(), protocol: z.enum(['TCP', 'UDP']).optional(), port })).optional(),
  bootOrder: z.int().min(1).optional(),
});

const Devices = z.object({
  disks: z.array(Disk).optional(),
  interfaces: z.array(Interface).max(1).optional().describe('One interface, on the network of the pod.'),
  filesystems: z
    .array(z.object({ name: text.describe('The volume that is shared.'), virtiofs: nothing }))
    .optional()
    .describe('Volumes that the guest mounts by their name.'),
  rng: nothing.optional(),
  inputs: z.array(z.object({ name: text, type: z.enum(['tablet', 'keyboard']), bus: z.enum(['virtio', 'usb']).optional() })).optional(),
  autoattachPodInterface: z.boolean().optional(),
  autoattachGraphicsDevice: z.boolean().optional(),
  autoattachSerialConsole: z.boolean().optional(),
  autoattachMemBalloon: z.boolean().optional(),
  networkInterfaceMultiqueue: z.boolean().optional(),
  blockMultiQueue: z.boolean().optional(),
});

const Domain = z.object({
  cpu: z
    .object({
      cores: z.int().min(1).optional(),
      sockets: z.int().min(1).optional(),
      threads: z.int().min(1).optional(),
      model: text.optional(),
    })
    .optional(),
  memory: z.object({ guest: quantity('What the guest sees.').optional() }).optional(),
  resources: Resources.optional(),
  machine: z.object({ type: z.enum(['', 'q35', 'pc', 'pc-q35']).optional() }).optional(),
  firmware: z
    .object({ uuid: text.optional(), serial: text.optional(), bootloader: z.object({ bios: nothing.optional() }).optional() })
    .optional(),
  features: unused('Processor features.').optional(),
  clock: unused('Timers.').optional(),
  devices: Devices,
});

const Volume = z.object({
  name: text,
  containerDisk: z
    .object({
      image: text.describe('An image with a disk below /disk.'),
      path: text.optional(),
      imagePullSecret: text.optional(),
      imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
    })
    .optional(),
  dataVolume: z.object({ name: text, hotpluggable: z.literal(false).optional() }).optional(),
  persistentVolumeClaim: z
    .object({ claimName: text, readOnly: z.boolean().optional(), hotpluggable: z.literal(false).optional() })
    .optional(),
  cloudInitNoCloud: z
    .object({
      secretRef: z.object({ name: text }).optional(),
      userData: text.optional(),
      userDataBase64: text.optional(),
      networkDataSecretRef: z.object({ name: text }).optional(),
      networkData: text.optional(),
      networkDataBase64: text.optional(),
    })
    .optional(),
  emptyDisk: z.object({ capacity: quantity('Size of the disk.') }).optional(),
});

const Probe = z.object({
  tcpSocket: z.object({ port, host: text.optional() }).optional(),
  httpGet: z.object({ port, path: text.optional() }).optional(),
  guestAgentPing: nothing.optional(),
  initialDelaySeconds: z.int().min(0).optional(),
  periodSeconds: z.int().min(1).optional(),
  timeoutSeconds: z.int().min(1).optional(),
  failureThreshold: z.int().min(1).optional(),
  successThreshold: z.int().min(1).optional(),
});
/** How a guest is asked whether it serves. */
export type GuestProbe = z.infer<typeof Probe>;

/** What a running machine is: the fields of KubeVirt's VirtualMachineInstanceSpec that are realised here. */
export const GuestSpec = z.object({
  domain: Domain,
  networks: z
    .array(z.object({ name: text, pod: nothing }))
    .max(1)
    .optional(),
  volumes: z.array(Volume).optional(),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
  terminationGracePeriodSeconds: z.int().min(0).optional(),
  nodeSelector: z.record(text, text).optional(),
  hostname: text.optional(),
  subdomain: text.optional(),
  architecture: z.enum(['amd64']).optional(),
  evictionStrategy: text.optional(),
  startStrategy: z.enum(['Paused']).optional(),
  priorityClassName: text.optional(),
  affinity: unused('Where to run.').optional(),
  tolerations: z.array(unused('A toleration.')).optional(),
  topologySpreadConstraints: z.array(unused('How to spread.')).optional(),
});
/** What a running machine is. */
export type GuestSpec = z.infer<typeof GuestSpec>;

const Condition = z.object({
  type: text,
  status: text,
  reason: text.optional(),
  message: text.optional(),
  lastTransitionTime: text.optional(),
  lastProbeTime: text.nullable().optional(),
  lastHeartbeatTime: text.optional(),
});
/** One aspect of the state of a machine or a disk. */
export type VirtCondition = z.infer<typeof Condition>;

/** A list of conditions, one for each type. */
export const conditions = marked(z.array(Condition).optional(), { listMapKeys: ['type'] });

/** What is known of a running machine. */
export const GuestStatus = z.object({
  phase: z.enum(['', 'Pending', 'Scheduling', 'Scheduled', 'Running', 'Succeeded', 'Failed', 'Unknown']).optional(),
  reason: text.optional(),
  nodeName: text.optional(),
  activePods: z.record(text, text).optional(),
  interfaces: z
    .array(
      z.object({
        name: text.optional(),
        mac: text.optional(),
        ipAddress: text.optional(),
        ipAddresses: z.array(text).optional(),
        infoSource: text.optional(),
      }),
    )
    .optional(),
  guestOSInfo: unused('What the guest agent says.').optional(),
  phaseTransitionTimestamps: z.array(z.object({ phase: text.optional(), phaseTransitionTimestamp: text.optional() })).optional(),
  qosClass: text.optional(),
  conditions,
});
/** What is known of a running machine. */
export type GuestStatus = z.infer<typeof GuestStatus>;
