import type { SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { LabError } from '@crownlabs/std';
import type { Entry } from './entry.ts';

type Where = Pick<Entry, 'bucket' | 'name' | 'revision'>;

/** Binds the bytes on disk to their key and revision, so that a changed byte is noticed before it is believed. */
export function checksum({ bucket, name, revision }: Where, value: Uint8Array): number {
  return crc32(value, crc32(`${revision} ${bucket}/${name}`));
}

/** Throws when the bytes are not those that were written. Rows of the first layout have no sum. */
export function demandSum(sum: SQLOutputValue | undefined, where: Where, value: Uint8Array): void {
  if (typeof sum !== 'number' || sum === checksum(where, value)) return;
  const { bucket, name, revision } = where;
  throw new LabError(
    'ServiceUnavailable',
    `The log is damaged: ${bucket}/${name} at revision ${revision} is not what was written. Put a backup in its place.`,
  );
}
