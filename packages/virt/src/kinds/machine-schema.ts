import { marked } from '@crownlabs/api';
import { z } from 'zod';
import { DiskSpec } from './disk-schema.ts';
import { conditions, GuestSpec } from './guest-schema.ts';
import { MOST, text, unrealised, unused, unusedValue } from './unrealised.ts';

const labels = z.record(text, text);

/** When a machine runs. https://kubevirt.io/user-guide/compute/run_strategies/ */
export const RunStrategy = z.enum(['Always', 'RerunOnFailure', 'Manual', 'Halted', 'Once']);
/** When a machine runs. */
export type RunStrategy = z.infer<typeof RunStrategy>;

const DiskTemplate = z.object({
  apiVersion: text.optional(),
  kind: text.optional(),
  metadata: z.object({
    name: text,
    labels: labels.optional(),
    annotations: labels.optional(),
    creationTimestamp: text.nullable().optional(),
    namespace: unrealised('a disk is made in the namespace of its machine: leave it out', 'text'),
  }),
  spec: DiskSpec,
  status: unused('What was known of another.').optional(),
});

/** What a machine should be that can be stopped and started. */
export const MachineSpec = marked(
  z.object({
    running: z.boolean().optional(),
    runStrategy: RunStrategy.optional(),
    template: z.object({
      metadata: z
        .object({
          name: text.optional(),
          namespace: text.optional(),
          labels: labels.optional(),
          annotations: labels.optional(),
          creationTimestamp: text.nullable().optional(),
        })
        .optional(),
      spec: GuestSpec,
    }),
    dataVolumeTemplates: z.array(DiskTemplate).max(MOST).optional(),
    instancetype: unrealised('there are no instance types here: write domain.cpu and domain.memory'),
    preference: unrealised('there are no preferences here: write what it says into the domain, or leave it out'),
    updateVolumesStrategy: z.enum(['Replacement']).optional(),
  }),
  {
    rules: [
      { rule: '!(has(self.running) && has(self.runStrategy))', message: 'running and runStrategy are mutually exclusive' },
      { rule: 'has(self.running) || has(self.runStrategy)', message: 'one of running and runStrategy is needed' },
    ],
  },
);
/** What a machine should be. */
export type MachineSpec = z.infer<typeof MachineSpec>;

const Request = z.object({ action: z.enum(['Start', 'Stop']), uid: text.optional(), data: labels.optional() });
/** A wish of a person that the spec does not hold. */
export type StateChange = z.infer<typeof Request>;

/** What is known of a machine. */
export const MachineStatus = z.object({
  created: z.boolean().optional(),
  ready: z.boolean().optional(),
  printableStatus: text.optional(),
  runStrategy: text.optional(),
  stateChangeRequests: z.array(Request).optional(),
  startFailure: z
    .object({ consecutiveFailCount: z.int().optional(), lastFailedVMIUID: text.optional(), retryAfterTimestamp: text.optional() })
    .optional(),
  observedGeneration: z.int().optional(),
  desiredGeneration: z.int().optional(),
  conditions,
  // What a machine that was written out elsewhere brings along.
  volumeSnapshotStatuses: z.array(unused('Which volumes others could copy.')).optional(),
  volumeUpdateState: unused('What others changed.').optional(),
  volumeRequests: z.array(unused('What others were asked for.')).optional(),
  memoryDumpRequest: unused('What others were asked for.').optional(),
  instancetypeRef: unused('What others were asked for.').optional(),
  preferenceRef: unused('What others were asked for.').optional(),
  restoreInProgress: unusedValue(text, 'What others do.'),
  snapshotInProgress: unusedValue(text, 'What others do.'),
});
/** What is known of a machine. */
export type MachineStatus = z.infer<typeof MachineStatus>;
