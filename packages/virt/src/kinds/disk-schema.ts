import { marked, quantity } from '@crownlabs/api';
import { z } from 'zod';
import { conditions } from './guest-schema.ts';
import { alwaysOff, exactlyOne, text, unrealised, unused } from './unrealised.ts';

const CHOSEN = 'the volume is made for the disk: leave it out';

const WRITE_SOURCE = 'what a disk is made of is said by its source (registry, http, pvc, snapshot or blank)';

const Claim = z.object({
  accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteMany', 'ReadOnlyMany', 'ReadWriteOncePod'])).optional(),
  resources: z
    .object({
      requests: z.record(text, quantity('An amount.')).optional(),
      limits: unused('How much the volume may grow.').optional(),
    })
    .optional(),
  storageClassName: text.optional(),
  volumeMode: z.enum(['Filesystem', 'Block']).optional(),
  volumeName: unrealised(CHOSEN, 'text'),
  selector: unrealised(CHOSEN),
  dataSource: unrealised(WRITE_SOURCE),
  dataSourceRef: unrealised(WRITE_SOURCE),
  volumeAttributesClassName: unrealised(CHOSEN, 'text'),
});

const OPEN_TO_ALL = 'a disk image is fetched without a name and a password: put it where everybody may read it';
const COPY_IT = 'put the disk image where source.http or source.registry can fetch it';

const Source = z.object({
  registry: z
    .object({
      url: text.optional(),
      pullMethod: z.enum(['pod', 'node']).optional(),
      secretRef: text.optional(),
      platform: z.object({ architecture: z.enum(['amd64']).optional() }).optional(),
      certConfigMap: unrealised('a registry is trusted as the engine of this machine trusts it: leave it out', 'text'),
      imageStream: unrealised('write url', 'text'),
    })
    .optional(),
  http: z
    .object({
      url: text,
      secretRef: unrealised(OPEN_TO_ALL, 'text'),
      certConfigMap: unrealised('servers are trusted that have a certificate for everybody, or are asked by http: leave it out', 'text'),
      extraHeaders: unrealised(OPEN_TO_ALL, 'texts'),
      secretExtraHeaders: unrealised(OPEN_TO_ALL, 'texts'),
      checksum: text.regex(/^sha256:[0-9a-f]{64}$/).optional(),
    })
    .optional(),
  pvc: z.object({ namespace: text, name: text }).optional(),
  snapshot: z.object({ namespace: text, name: text }).optional(),
  blank: z.object({}).optional(),
  upload: unrealised(COPY_IT),
  s3: unrealised(COPY_IT),
  gcs: unrealised(COPY_IT),
  imageio: unrealised(COPY_IT),
  vddk: unrealised(COPY_IT),
});

const Spec = z.object({
  // That it is missing is said by a rule, and so beside what else is wrong.
  source: exactlyOne(Source, 'source').optional(),
  pvc: Claim.optional(),
  storage: Claim.optional(),
  contentType: z.enum(['kubevirt']).optional(),
  preallocation: z.boolean().optional(),
  priorityClassName: text.optional(),
  sourceRef: unrealised('there are no DataSources here: name the volume itself in source.pvc'),
  checkpoints: unrealised('a disk is copied whole: leave it out', 'list'),
  finalCheckpoint: alwaysOff('a disk is copied whole: leave it out'),
});
/** A volume for a disk, and where its content comes from. */
export const DiskSpec = marked(Spec, { rules: [{ rule: 'has(self.source)', message: 'source must name exactly one source' }] });
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
