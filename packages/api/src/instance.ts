import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { marked } from './schema-mark.ts';
import { commonStatus, EnvironmentName, reference } from './shared-schema.ts';

/** Where an instance, or one environment of it, is on its way. */
export const InstancePhase = z.enum([
  '',
  'Importing',
  'Starting',
  'ResourceQuotaExceeded',
  'Running',
  'Ready',
  'Stopping',
  'Off',
  'Failed',
  'CreationLoopBackoff',
  'Suspended',
]);
/** Where an instance, or one environment of it, is on its way. */
export type InstancePhase = z.infer<typeof InstancePhase>;

const ExposedPort = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/)
    .describe('What the port is called: lower-case letters, digits and dashes, up to 15 characters.'),
  port: marked(z.int().min(0).max(65_535).default(0).describe('The port outside; 0 lets the system choose.'), {
    format: 'int32',
    required: true,
  }),
  targetPort: marked(z.int().min(1).max(65_535).describe('The port that the program in the environment listens on.'), { format: 'int32' }),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP').describe('The protocol of the port.'),
});

const ContentUrls = z.object({
  origin: z.string().optional().describe('An archive that is unpacked before the first start.'),
  destination: z.string().optional().describe('Where the results are posted to.'),
});

const Restore = z.object({
  snapshotRef: reference('The InstanceSnapshot to go back to; one of this instance.'),
  requestedAt: z.iso.datetime().optional().describe('When it was asked for; another time restores the same snapshot once more.'),
});

const IMMUTABLE = [{ rule: 'self == oldSelf', message: 'cannot be changed: create another instance instead' }];

/** What an Instance should be. */
export const InstanceSpec = z.object({
  'template.crownlabs.polito.it/TemplateRef': marked(reference('The template to start a copy of.'), { rules: IMMUTABLE }),
  'tenant.crownlabs.polito.it/TenantRef': marked(reference('Whose instance it is.'), { rules: IMMUTABLE }),
  running: z.boolean().default(true).describe('Whether the instance should run; false stops it.'),
  suspended: z.boolean().optional().describe('Whether it should sleep with its memory kept, where the home can do that.'),
  restore: Restore.optional().describe(
    'Makes the disk of a persistent machine what it was in a snapshot. It is stopped for that, and loses what was written since.',
  ),
  prettyName: z.string().optional().describe('The name that people read; chosen by the system when absent.'),
  nodeSelector: z.record(z.string(), z.string()).optional().describe('Where it should run, if the template lets the user choose.'),
  statusCheckUrl: z.string().optional().describe('Asked during an exam whether the time is over.'),
  contentUrls: z.record(z.string(), ContentUrls).optional().describe('Per environment: what to load before and where to send results.'),
  publicExposure: z
    .object({ ports: z.array(ExposedPort).describe('The ports to open, each under a name of its own.') })
    .optional()
    .describe('Ports to open to the Internet.'),
});
/** What an Instance should be. */
export type InstanceSpec = z.infer<typeof InstanceSpec>;

const Automation = z.object({
  lastCheckTime: z.iso.datetime().optional().describe('When the end of the exam was asked for last.'),
  terminationTime: z.iso.datetime().optional().describe('When the exam ends, as its system said.'),
  submissionTime: z.iso.datetime().optional().describe('When the results were handed in.'),
});

const Importing = z.object({
  progress: z.string().describe('How much of the disk is there, such as 42.0%.'),
  size: z.string().describe('The size of the disk.'),
  since: z.iso.datetime().describe('When the first of it came.'),
});

/** What one environment of an Instance is. */
export const EnvironmentStatus = z.object({
  name: EnvironmentName,
  phase: InstancePhase.optional().describe('How far the environment is on its way to Ready or Off.'),
  expositionAccepted: z.boolean().default(false).describe('Whether the way in is open.'),
  ip: z.string().optional().describe('The address of the environment inside the system.'),
  initialReadyTime: z.string().optional().describe('How long the first start took.'),
  importing: Importing.optional().describe('How far the disk of a machine is, while it is being made.'),
  automation: Automation.optional().describe('The course of an exam.'),
});
/** What one environment of an Instance is. */
export type EnvironmentStatus = z.infer<typeof EnvironmentStatus>;

/** What an Instance is. Written by controllers alone. */
export const InstanceStatus = z.object({
  phase: InstancePhase.optional().describe('How far the instance is, which is how far its environments are together.'),
  url: z.string().optional().describe('The address of the instance; its environments are below it.'),
  nodeName: z.string().optional().describe('The machine it runs on.'),
  nodeSelector: z.record(z.string(), z.string()).optional().describe('The labels by which that machine was chosen.'),
  environments: marked(z.array(EnvironmentStatus).optional().describe('The state of each environment.'), { listMapKeys: ['name'] }),
  publicExposure: z
    .object({
      externalIP: z.string().optional().describe('The address on the Internet.'),
      ports: z.array(ExposedPort).optional().describe('The ports as they were assigned.'),
      phase: z.enum(['', 'Provisioning', 'Ready', 'Error']).optional().describe('How far the opening of the ports is.'),
      message: z.string().optional().describe('What is wrong or waited for, in words.'),
    })
    .optional()
    .describe('The ports that are open to the Internet.'),
  ...commonStatus,
});
/** What an Instance is. */
export type InstanceStatus = z.infer<typeof InstanceStatus>;

/** One person's running or stopped copy of a Template. */
export type Instance = LabObject<InstanceSpec, InstanceStatus>;

/** The kind Instance. */
export const instanceKind: Kind<typeof InstanceSpec, typeof InstanceStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha2',
  kind: 'Instance',
  plural: 'instances',
  shortNames: ['inst'],
  namespaced: true,
  description: "One person's copy of a template.",
  spec: InstanceSpec,
  status: InstanceStatus,
  columns: [
    { name: 'Pretty Name', type: 'string', jsonPath: '.spec.prettyName' },
    { name: 'Running', type: 'string', jsonPath: '.spec.running' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Exposition Accepted', type: 'string', jsonPath: '.status.environments[0].expositionAccepted' },
    { name: 'URL', type: 'string', jsonPath: '.status.url', priority: 10 },
    { name: 'IP Address', type: 'string', jsonPath: '.status.environments[0].ip', priority: 10 },
    { name: 'Ready In', type: 'string', jsonPath: '.status.environments[0].initialReadyTime' },
    AGE,
  ],
};

/** Where Instances are served. */
export const instances: ServedAt<Instance> = servedAt(instanceKind);
