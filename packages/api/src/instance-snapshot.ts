import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { marked } from './schema-mark.ts';
import { commonStatus, reference } from './shared-schema.ts';
import { EnvironmentType } from './template.ts';

const NewTemplate = z.object({
  name: z.string().optional().describe('Name of the Template; that of the snapshot if absent.'),
  prettyName: z.string().optional().describe('The name that people read; the name of the image if absent.'),
  description: z.string().optional().describe('What the environment is for.'),
});

const InstanceSnapshotSpec = marked(
  z.object({
    instanceRef: reference('The instance whose disk becomes an image; stopped, unless the storage can copy a disk that is in use.'),
    environmentRef: reference('The environment of it; the first if absent.').optional(),
    imageName: z.string().min(1).describe('The name of the image to make.'),
    template: NewTemplate.optional().describe('Make a Template of the image, beside the snapshot.'),
  }),
  { rules: [{ rule: 'self == oldSelf', message: 'cannot be changed: make another snapshot instead' }] },
);

const InstanceSnapshotStatus = z.object({
  phase: z.enum(['', 'Pending', 'Processing', 'Completed', 'Failed']).optional().describe('How far the snapshot is.'),
  image: z.string().optional().describe('What templates name the image by.'),
  environmentType: EnvironmentType.optional().describe('The type of environment that can start the image.'),
  template: z.string().optional().describe('The Template that was made of it.'),
  ...commonStatus,
});

/** A wish to turn the disk of an instance into an image. */
export type InstanceSnapshot = LabObject<z.infer<typeof InstanceSnapshotSpec>, z.infer<typeof InstanceSnapshotStatus>>;

/** The kind InstanceSnapshot. */
export const instanceSnapshotKind: Kind<typeof InstanceSnapshotSpec, typeof InstanceSnapshotStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha2',
  kind: 'InstanceSnapshot',
  plural: 'instancesnapshots',
  shortNames: ['isnap'],
  namespaced: true,
  description: 'A wish to turn the disk of an instance into an image.',
  spec: InstanceSnapshotSpec,
  status: InstanceSnapshotStatus,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'ImageName', type: 'string', jsonPath: '.spec.imageName' },
    AGE,
  ],
};

/** Where InstanceSnapshots are served. */
export const instanceSnapshots: ServedAt<InstanceSnapshot> = servedAt(instanceSnapshotKind);
