import { z } from 'zod';

const text = z.string();

/** Which disk is to be copied while it is used. */
export const SnapshotSpec = z.object({
  volumeSnapshotClassName: text.optional(),
  source: z.object({ persistentVolumeClaimName: text }),
});
/** Which disk is to be copied. */
export type SnapshotSpec = z.infer<typeof SnapshotSpec>;

/** Whether the copy is there. */
export const SnapshotStatus = z.object({
  readyToUse: z.boolean().optional(),
  creationTime: text.optional(),
  error: z.object({ message: text.optional(), time: text.optional() }).optional(),
});
/** Whether the copy is there. */
export type SnapshotStatus = z.infer<typeof SnapshotStatus>;
