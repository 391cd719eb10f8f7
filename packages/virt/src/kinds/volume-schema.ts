import { quantity } from '@crownlabs/api';
import { z } from 'zod';
import { exactlyOne, label, text, unrealised } from './unrealised.ts';

const SAY_IT_TO_CLOUD_INIT = 'write what the guest should find into cloudInitNoCloud (write_files)';

const Sources = z.object({
  name: label,
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
  cloudInitConfigDrive: unrealised('cloud-init is told by one kind of disk: write cloudInitNoCloud, with the same fields'),
  configMap: unrealised(SAY_IT_TO_CLOUD_INIT),
  secret: unrealised(SAY_IT_TO_CLOUD_INIT),
  downwardAPI: unrealised(SAY_IT_TO_CLOUD_INIT),
  serviceAccount: unrealised('machines are given no token of the API: leave it out'),
  sysprep: unrealised('answers for Windows are not put on a disk: put them into the disk image'),
  ephemeral: unrealised('write a DataVolume with source.pvc, which copies, or a containerDisk, which starts anew each time'),
  hostDisk: unrealised('files of the host are not handed to machines: write a DataVolume with source.http'),
  containerPath: unrealised('write a persistentVolumeClaim, or a containerDisk'),
  downwardMetrics: unrealised('metrics of the host are not shown to machines: leave it out'),
  memoryDump: unrealised('the memory of machines is not written out: leave it out'),
});

/** What is behind a disk or a shared folder. */
export const Volume = exactlyOne(Sources, 'source');
