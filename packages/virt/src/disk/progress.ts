import { amount, bytesText } from '@crownlabs/api';

/** How far an importer is. */
export interface DiskProgress {
  /** Percent, with two decimals. */
  readonly percent: string;
  /** What was fetched, in words, while something is. */
  readonly fetched: string | undefined;
}

/** Reads what the importer writes: hundredths of a percent, and while it fetches, bytes and of how many. */
export function parseProgress(text: string): DiskProgress | undefined {
  const [, hundredths, have, total] = /^(\d{1,5})(?: (\d+) (\d+))?$/.exec(text.trim()) ?? [];
  if (hundredths === undefined) return undefined;
  const fetched = have === undefined || total === undefined ? undefined : `${bytesText(amount(have))} of ${bytesText(amount(total))}`;
  return { percent: (Number(hundredths) / 100).toFixed(2), fetched };
}
