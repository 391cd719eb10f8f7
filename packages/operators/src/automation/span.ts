const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time span of a Template (`30s`, `10m`, `2h`, `15d`); `undefined` for `never` and for what is none. */
export function spanMs(text: string | undefined): number | undefined {
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(text ?? '') ?? [];
  const ms = UNITS[unit];
  return count === undefined || ms === undefined ? undefined : Number(count) * ms;
}

/** Milliseconds of an annotation's time; `undefined` for none and for nonsense. */
export function timeOf(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** The wire has whole seconds; so must whatever is compared with it. */
export function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
