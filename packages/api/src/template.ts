import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { marked } from './schema-mark.ts';
import { commonStatus, EnvironmentName, ResourceSpec, reference } from './shared-schema.ts';

/** How an environment is realised. */
export const EnvironmentType = z.enum(['VirtualMachine', 'Container', 'CloudVM', 'Standalone', 'LocalVM']);
/** How an environment is realised. */
export type EnvironmentType = z.infer<typeof EnvironmentType>;

const StartupOptions = z.object({
  sourceArchiveURL: z.string().optional().describe('An archive that is unpacked into the content path before the first start.'),
  contentPath: z.string().optional().describe('Where the data of the user is in the container; /media/data if absent.'),
  startupArgs: z.array(z.string()).optional().describe('Arguments for the program of the image.'),
  enforceWorkdir: z.boolean().default(false).describe('Start the program in the content path.'),
});

const SharedVolumeMount = z.object({
  sharedVolume: reference('The SharedVolume to mount.'),
  mountPath: z.string().describe('Where it appears in the environment.'),
  readOnly: z.boolean().describe('Whether users may only read; managers may always write.'),
});

const NetworkName = marked(
  z
    .string()
    .regex(/^[a-z]([-a-z0-9]*[a-z0-9])?$/)
    .max(32),
  {
    rules: [{ rule: "self != 'default'", message: 'is what the network is called by which people reach the machine: choose another name' }],
  },
);

const EnvironmentNetworkSchema = z.object({
  name: NetworkName.describe('What the network is called: machines that name the same one are on one wire.'),
  scope: z
    .enum(['Instance', 'Tenant', 'Workspace'])
    .default('Tenant')
    .describe('Whose machines are on it: those of one instance, those that one person has of this workspace, or those of everybody in it.'),
});
/** A network between machines. */
export type EnvironmentNetwork = z.infer<typeof EnvironmentNetworkSchema>;

/** One machine or container of a Template. */
export const Environment = z.object({
  name: EnvironmentName,
  image: z.string().describe('What to start: a container image, a containerdisk, the URL of a disk image, or namespace/name of a volume.'),
  environmentType: EnvironmentType.describe('How the environment is realised.'),
  guiEnabled: z.boolean().default(true).describe('Whether it has a desktop or a web page; without, it is reached by terminal.'),
  disableControls: z.boolean().default(false).describe('Hide the bar of the desktop viewer.'),
  persistent: z.boolean().default(false).describe('Keep the disk while the instance is stopped.'),
  instantStart: z
    .boolean()
    .optional()
    .describe('Go on from a memory that is prepared once, instead of booting, where the home can do that: for machines that keep no disk.'),
  resources: ResourceSpec.extend({
    reservedCPUPercentage: marked(z.int().min(1).max(100).describe('How much of the processor is guaranteed, in percent.'), {
      format: 'int32',
    }),
  }).describe('The processor, memory and disk that the environment gets.'),
  rewriteURL: z.boolean().default(false).describe('Serve the application at / instead of below its path.'),
  containerStartupOptions: StartupOptions.optional().describe('How to start a container; machines have no use for it.'),
  storageClassName: z.string().optional().describe('The StorageClass of the persistent disk.'),
  mountMyDriveVolume: marked(z.boolean().default(true).describe('Mount the personal volume at /media/mydrive.'), { required: true }),
  sharedVolumeMounts: z.array(SharedVolumeMount).optional().describe('Volumes shared by the workspace.'),
  networks: marked(
    z
      .array(EnvironmentNetworkSchema)
      .max(8)
      .optional()
      .describe('Networks between machines, beside the one by which people reach it: bare wires, on which nobody gives out addresses.'),
    { listMapKeys: ['name'] },
  ),
});
/** One machine or container of a Template. */
export type Environment = z.infer<typeof Environment>;

/** Whether only a hypervisor can start an environment. */
export function isMachine({ environmentType }: Pick<Environment, 'environmentType'>): boolean {
  return environmentType !== 'Container' && environmentType !== 'Standalone';
}

function timeout(description: string) {
  const schema = z
    .string()
    .regex(/^(never|[0-9]+[smhd])$/)
    .default('never');
  return marked(schema.describe(description), { required: true });
}

const NEVER = { deleteAfterCreation: 'never', stopAfterInactivity: 'never', deleteAfterInactivity: 'never' };

const Cleanup = z
  .object({
    deleteAfterCreation: timeout('Delete an instance this long after it was made: never, or a number and s, m, h or d.'),
    stopAfterInactivity: timeout('Stop a running instance that nobody used for this long.'),
    deleteAfterInactivity: timeout('Delete a stopped instance that nobody started for this long.'),
  })
  .default(NEVER);

/** What a Template should be. */
export const TemplateSpec = z.object({
  prettyName: z.string().describe('The name that people read.'),
  description: z.string().optional().describe('What the environment is for.'),
  'workspace.crownlabs.polito.it/WorkspaceRef': reference('The workspace that the template belongs to.').optional(),
  environmentList: marked(z.array(Environment).max(10).describe('The machines and containers that make up one instance.'), {
    listMapKeys: ['name'],
  }),
  cleanup: marked(Cleanup.describe('When unused instances are stopped and deleted.'), { required: true }),
  nodeSelector: z
    .record(z.string(), z.string())
    .optional()
    .describe('Where instances run: absent means anywhere, {} lets the user choose, labels fix it.'),
  allowPublicExposure: z.boolean().default(false).describe('Whether users may open ports of their instances to the Internet.'),
});
/** What a Template should be. */
export type TemplateSpec = z.infer<typeof TemplateSpec>;

const ImageState = z.object({
  name: z.string().describe('The image, as environments name it.'),
  present: z.boolean().describe('Whether environments can be started from it without waiting for it.'),
});

/** What a Template is. */
export const TemplateStatus = z.object({
  instances: z.int().optional().describe('How many instances there are of it.'),
  lastUsed: z.iso.datetime().optional().describe('When somebody made, used or stopped an instance of it last.'),
  images: marked(z.array(ImageState).optional().describe('Its images, as far as this system knows of them.'), { listMapKeys: ['name'] }),
  ...commonStatus,
});
/** What a Template is. */
export type TemplateStatus = z.infer<typeof TemplateStatus>;

/** The description of an environment that each user may start a copy of. */
export type Template = LabObject<TemplateSpec, TemplateStatus>;

/** The kind Template. */
export const templateKind: Kind<typeof TemplateSpec, typeof TemplateStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha2',
  kind: 'Template',
  plural: 'templates',
  shortNames: ['tmpl'],
  namespaced: true,
  description: 'The description of an environment, of which each user may start a copy of their own.',
  spec: TemplateSpec,
  status: TemplateStatus,
  columns: [
    { name: 'Pretty Name', type: 'string', jsonPath: '.spec.prettyName' },
    { name: 'Image', type: 'string', jsonPath: '.spec.environmentList[0].image', priority: 10 },
    { name: 'Type', type: 'string', jsonPath: '.spec.environmentList[0].environmentType', priority: 10 },
    { name: 'GUI', type: 'string', jsonPath: '.spec.environmentList[0].guiEnabled', priority: 10 },
    { name: 'Persistent', type: 'string', jsonPath: '.spec.environmentList[0].persistent', priority: 10 },
    AGE,
  ],
};

/** Where Templates are served. */
export const templates: ServedAt<Template> = servedAt(templateKind);
