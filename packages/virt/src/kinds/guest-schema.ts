import { marked } from '@crownlabs/api';
import { z } from 'zod';
import { Domain } from './domain-schema.ts';
import { alwaysOff, exactlyOne, label, MOST, MOST_NETWORKS, nothing, port, text, unrealised, unused } from './unrealised.ts';
import { Volume } from './volume-schema.ts';

const THE_GUEST = 'it is the guest that is asked: leave it out';

const Probe = z.object({
  tcpSocket: z.object({ port, host: unrealised(THE_GUEST, 'text') }).optional(),
  httpGet: z
    .object({
      port,
      path: text.optional(),
      scheme: z.enum(['HTTP']).optional(),
      host: unrealised(THE_GUEST, 'text'),
      httpHeaders: unrealised('the question has no headers of its own: leave it out', 'list'),
    })
    .optional(),
  guestAgentPing: nothing.optional(),
  exec: unrealised('nothing is run in the guest to see how it is: write tcpSocket, httpGet or guestAgentPing'),
  initialDelaySeconds: z.int().min(0).optional(),
  periodSeconds: z.int().min(1).optional(),
  timeoutSeconds: z.int().min(1).optional(),
  failureThreshold: z.int().min(1).optional(),
  successThreshold: z.int().min(1).optional(),
});
/** How a guest is asked whether it serves. */
export type GuestProbe = z.infer<typeof Probe>;

const NO_TOKEN = 'machines are given no token of the API: leave it out';

const OWN_NETWORK = 'must name a NetworkAttachmentDefinition of the namespace of the machine: write its name alone';

const Network = z.object({
  name: label,
  pod: z
    .object({
      vmNetworkCIDR: unrealised('every guest is in a network of its own, 10.0.2.0/24: leave it out', 'text'),
      vmIPv6NetworkCIDR: unrealised('every guest is in a network of its own, 10.0.2.0/24: leave it out', 'text'),
    })
    .optional(),
  multus: z
    .object({
      networkName: marked(text.max(253).describe('A NetworkAttachmentDefinition of the same namespace.'), {
        rules: [{ rule: "self.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$')", message: OWN_NETWORK }],
      }),
      default: alwaysOff('the pod has a network of its own, by which the doors reach the guest: leave it out'),
    })
    .optional(),
  resourceClaim: unrealised('devices of the host are not handed to machines: write pod: {} or multus'),
});

const INTERFACES = 'has(self.domain.devices.interfaces)';
const ON = (rule: string) => `has(self.networks) && self.networks.exists(one, one.name == it.name${rule})`;
const OTHERS = `has(self.networks) && self.networks.exists(one, has(one.multus))`;

const WITH_VOLUME = (devices: string) =>
  `!has(self.domain.devices.${devices}) || self.domain.devices.${devices}.all(it, has(self.volumes) && self.volumes.exists(one, one.name == it.name))`;

const Spec = z.object({
  domain: Domain,
  networks: marked(z.array(exactlyOne(Network, 'kind of network')).max(MOST_NETWORKS).optional(), {
    rules: [
      { rule: 'self.filter(it, has(it.pod)).size() <= 1', message: 'a machine is on the network of its pod once' },
      { rule: 'self.all(it, self.exists_one(one, one.name == it.name))', message: 'each network needs a name of its own' },
    ],
  }),
  volumes: z.array(Volume).max(MOST).optional(),
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
  dnsPolicy: z.enum(['ClusterFirst', 'Default', 'ClusterFirstWithHostNet']).optional(),
  schedulerName: z.enum(['default-scheduler']).optional(),
  dnsConfig: unrealised('the guest is told the resolver of its pod: name another in cloudInitNoCloud (networkData)'),
  accessCredentials: unrealised('write ssh_authorized_keys and passwords into the userData of cloudInitNoCloud', 'list'),
  serviceAccountName: unrealised(NO_TOKEN, 'text'),
  resourceClaims: unrealised('devices of the host are not handed to machines: leave it out', 'list'),
  utilityVolumes: unrealised('a volume is a disk or a shared folder: leave it out', 'list'),
});

/** What a running machine is: the fields of KubeVirt's VirtualMachineInstanceSpec that are realised here. */
export const GuestSpec = marked(Spec, {
  rules: [
    { rule: WITH_VOLUME('disks'), message: 'each of domain.devices.disks needs a volume of its name in volumes' },
    { rule: WITH_VOLUME('filesystems'), message: 'each of domain.devices.filesystems needs a volume of its name in volumes' },
    {
      rule: `!(${OTHERS} || ${INTERFACES} && size(self.domain.devices.interfaces) > 1) || (${INTERFACES} && self.domain.devices.interfaces.all(it, ${ON('')}))`,
      message: 'each of domain.devices.interfaces needs a network of its name in networks',
    },
    {
      rule: `!(${OTHERS}) || !${INTERFACES} || self.domain.devices.interfaces.all(it, !has(it.masquerade) || ${ON(' && has(one.pod)')})`,
      message: 'an interface on a network of multus is on the wire of it: write bridge: {}',
    },
    {
      rule: `!(${OTHERS}) || !has(self.networks) || self.networks.all(it, ${INTERFACES} && self.domain.devices.interfaces.exists(one, one.name == it.name))`,
      message: 'each of networks needs an interface of its name in domain.devices.interfaces',
    },
  ],
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
  guestOSInfo: z.record(text, text).describe('What the agent in the guest says of its system.').optional(),
  phaseTransitionTimestamps: z.array(z.object({ phase: text.optional(), phaseTransitionTimestamp: text.optional() })).optional(),
  qosClass: text.optional(),
  conditions,
});
/** What is known of a running machine. */
export type GuestStatus = z.infer<typeof GuestStatus>;
