import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { commonStatus, someOf } from './shared-schema.ts';

const SharedVolumeSpec = z.object({
  prettyName: z.string().describe('The name that people read.'),
  size: someOf('How much fits; it can grow, not shrink.'),
});

const SharedVolumeStatus = z.object({
  pvName: z.string().optional().describe('The PersistentVolume behind it.'),
  phase: z
    .enum(['', 'Pending', 'Provisioning', 'Ready', 'Deleting', 'ResourceQuotaExceeded', 'Error'])
    .optional()
    .describe('How far the volume is.'),
  templates: z.int().optional().describe('How many templates mount it.'),
  instances: z.int().optional().describe('How many instances have it mounted now.'),
  ...commonStatus,
});

/** A volume that the environments of a workspace share. */
export type SharedVolume = LabObject<z.infer<typeof SharedVolumeSpec>, z.infer<typeof SharedVolumeStatus>>;

/** The kind SharedVolume. */
export const sharedVolumeKind: Kind<typeof SharedVolumeSpec, typeof SharedVolumeStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha2',
  kind: 'SharedVolume',
  plural: 'sharedvolumes',
  shortNames: ['shvol'],
  namespaced: true,
  description: 'A volume that the environments of a workspace share.',
  spec: SharedVolumeSpec,
  status: SharedVolumeStatus,
  columns: [
    { name: 'Pretty Name', type: 'string', jsonPath: '.spec.prettyName' },
    { name: 'Size', type: 'string', jsonPath: '.spec.size' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    AGE,
  ],
};

/** Where SharedVolumes are served. */
export const sharedVolumes: ServedAt<SharedVolume> = servedAt(sharedVolumeKind);
