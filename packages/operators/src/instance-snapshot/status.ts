import type { InstanceSnapshot } from '@crownlabs/api';
import { conditionsFrom, type Finding } from '../conditions.ts';
import type { ImageUse } from './desired.ts';
import type { SnapshotFault } from './facts.ts';

type Status = NonNullable<InstanceSnapshot['status']>;

/** How far a snapshot is. */
export type Progress =
  | { readonly is: 'waiting' | 'failed' | 'deleting'; readonly fault: SnapshotFault }
  | { readonly is: 'copying'; readonly message: string }
  | { readonly is: 'done'; readonly image: ImageUse; readonly template: string | undefined; readonly warning: SnapshotFault | undefined };

const PHASES = { waiting: 'Pending', failed: 'Failed', copying: 'Processing', done: 'Completed' } as const;

/** What a snapshot is, and why. What was made stays written, whatever comes later. */
export function observeSnapshot({ status: before, metadata }: InstanceSnapshot, progress: Progress, now: number): Status {
  const phase = progress.is === 'deleting' ? (before?.phase ?? '') : PHASES[progress.is];
  const made =
    progress.is === 'done' ? { ...progress.image, ...(progress.template === undefined ? {} : { template: progress.template }) } : {};
  return {
    ...before,
    phase,
    ...made,
    conditions: conditionsFrom(findings(progress), before?.conditions, now),
    observedGeneration: metadata.generation ?? 0,
  };
}

function findings(progress: Progress): Finding[] {
  if (progress.is === 'copying') return [{ type: 'Ready', status: 'False', reason: 'Copying', message: progress.message }];
  if (progress.is === 'done') return [done(progress)];
  const { reason, message } = progress.fault;
  const unsupported = reason === 'VirtualMachinesNotInstalled';
  return [
    { type: 'Ready', status: 'False', reason, message },
    ...(unsupported ? [{ type: 'Supported', status: 'False', reason, message } as const] : []),
  ];
}

function done({ image, template, warning }: Extract<Progress, { is: 'done' }>): Finding {
  if (warning) return { type: 'Ready', status: 'True', reason: warning.reason, message: warning.message };
  const made = template === undefined ? '' : ` The template ${template} starts copies of it.`;
  return { type: 'Ready', status: 'True', reason: 'Completed', message: `The image is ${image.image}.${made}` };
}
