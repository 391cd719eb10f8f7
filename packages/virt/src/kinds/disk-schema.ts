import { quantity } from '@crownlabs/api';
import { z } from 'zod';
import { conditions } from './guest-schema.ts';

const text = z.string();

const Claim = z.object({
  accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod'])).optional(),
  resources: z.object({ requests: z.record(text, quantity('An amount.')).optional() }).optional(),
  storageClassName: text.optional(),
  volumeMode: z.enum(['Filesystem', 'Block']).optional(),
});

const Source = z.object({
  registry: z
    .object({
      url: text.optional(),
      pullMethod: z.enum(['pod', 'node']).optional(),
      secretRef: text.optional(),
      certConfigMap: text.optional(),
    })
    .optional(),
  http: z
    .object({
      url: text,
      secretRef: text.optional(),
      certConfigMap: text.optional(),
      extraHeaders: z.array(text).optional(),
      checksum: text.regex(/^sha256:[0-9a-f]{64}$/).optional(),
    })
    .optional(),
  pvc: z.object({ namespace: text, name: text }).optional(),
  snapshot: z.object({ namespace: text, name: text }).optional(),
  blank: z.object({}).optional(),
});

/** A volume for a disk, and where its content comes from. */
export const DiskSpec = z.object({
  source: Source,
  pvc: Claim.optional(),
  storage: Claim.optional(),
  contentType: z.enum(['kubevirt']).optional(),
  preallocation: z.boolean().optional(),
  priorityClassName: text.optional(),
});
/** A volume for a disk, and where its content comes from. */
export type DiskSpec = z.infer<typeof DiskSpec>;

/** How far a disk is. The phases are CDI's. */
export const DiskStatus = z.object({
  phase: text.optional(),
  progress: text.optional(),
  claimName: text.optional(),
  restartCount: z.int().optional(),
  conditions,
});
/** How far a disk is. */
export type DiskStatus = z.infer<typeof DiskStatus>;
