import type { Snapshot } from '../kinds/kinds.ts';

/** The name of a copy, beside the disk that it is a copy of. */
export function snapshotFile({ metadata: { uid = '' } }: Snapshot): string {
  return `snapshot-${uid}`;
}
