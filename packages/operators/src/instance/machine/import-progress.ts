import type { EnvironmentStatus } from '@crownlabs/api';
import type { DataVolume } from '@crownlabs/client';
import { rfc3339 } from '@crownlabs/std';
import { isImporting, type MachineFacts } from './facts.ts';

type Importing = Pick<EnvironmentStatus, 'importing'>;

/** How far the disk of a machine is, in what a page needs to tell bytes and minutes; nothing before the first of it came, and after the last. */
export function importProgress(machine: Pick<MachineFacts, 'disk'> | undefined, before: Importing | undefined, now: number): Importing {
  const disk = machine?.disk;
  if (!disk || !isImporting(disk)) return {};
  const progress = disk.status?.progress ?? 'N/A';
  // Told once, or each look would find something new to write.
  const since = before?.importing?.since ?? runningSince(disk) ?? rfc3339(now);
  return progress === 'N/A' ? {} : { importing: { progress, size: sizeOf(disk), since } };
}

function sizeOf({ spec }: DataVolume): string {
  return spec.pvc.resources?.requests?.['storage'] ?? '';
}

function runningSince({ status }: DataVolume): string | undefined {
  const running = status?.conditions?.find((it) => it.type === 'Running' && it.status === 'True');
  return running?.lastTransitionTime ?? undefined;
}
