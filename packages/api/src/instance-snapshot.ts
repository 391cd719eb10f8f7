import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { commonStatus, reference } from './shared-schema.ts';

const InstanceSnapshotSpec = z.object({
  instanceRef: reference('The instance whose disk becomes an image; it must be stopped.'),
  environmentRef: reference('The environment of it; the first if absent.').optional(),
  imageName: z.string().min(1).describe('The name of the image to make.'),
});

const InstanceSnapshotStatus = z.object({
  phase: z.enum(['', 'Pending', 'Processing', 'Completed', 'Failed']).optional().describe('Where the snapshot is on its way.'),
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
