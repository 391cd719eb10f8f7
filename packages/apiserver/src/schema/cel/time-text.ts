import { CelFailure, Duration, Timestamp } from './value.ts';

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const SECOND = 1_000_000_000n;
const LIMIT = 1n << 63n;
const DURATION = /^([-+]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/;
const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

function part(text: string, unit: bigint): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  const digits = fraction.slice(0, 18);
  return BigInt(whole === '' ? 0 : whole) * unit + (digits === '' ? 0n : (BigInt(digits) * unit) / 10n ** BigInt(digits.length));
}

/** Reads `1h5m`, `-1.5s`; nothing for what is no duration or does not fit. */
export function parseDuration(text: string): Duration | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  let nanos = 0n;
  for (const [, amount = '', unit = ''] of (match[2] ?? '').matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    nanos += part(amount, UNITS[unit] ?? 0n);
  }
  return nanos >= LIMIT ? undefined : new Duration(match[1] === '-' ? -nanos : nanos);
}

/** Reads a time of RFC 3339, or a date alone; nothing for what is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = TIMESTAMP.exec(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day) || Number(hour) > 23) return undefined;
  const offset = BigInt(Number(offsetHours) * 60 + Number(offsetMinutes)) * 60n * SECOND;
  const nanos = BigInt(date.getTime()) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0') || '0');
  return new Timestamp(sign === '-' ? nanos + offset : nanos - offset);
}

const [FIRST, LAST] = [-62_135_596_800n * SECOND, 253_402_300_800n * SECOND];

/** A point in time of the years 1 to 9999; others fail. */
export function instant(nanos: bigint): Timestamp {
  if (nanos < FIRST || nanos >= LAST) throw new CelFailure('timestamp overflow');
  return new Timestamp(nanos);
}

/** A duration in seconds with a fraction where needed: `90s`, `1.5s`. */
export function durationText({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = (size % SECOND).toString().padStart(9, '0').replace(/0+$/, '');
  return `${nanos < 0n ? '-' : ''}${size / SECOND}${fraction === '' ? '' : `.${fraction}`}s`;
}

/** A time in UTC, with a fraction where needed. */
export function timestampText({ nanos }: Timestamp): string {
  const fraction = (((nanos % SECOND) + SECOND) % SECOND).toString().padStart(9, '0').replace(/0+$/, '');
  const seconds = (nanos - (((nanos % SECOND) + SECOND) % SECOND)) / SECOND;
  return new Date(Number(seconds) * 1000).toISOString().replace(/\.\d+Z$/, `${fraction === '' ? '' : `.${fraction}`}Z`);
}

/** The parts of a time as a clock in `zone` shows them: an IANA name, or an offset such as `+02:00`. */
export function clockParts(time: Timestamp, zone: string): Date {
  const millis = Number(time.nanos / 1_000_000n);
  const offset = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(millis + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  if (zone === '' || zone === 'UTC') return new Date(millis);
  try {
    const text = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(millis);
    return new Date(`${text.replace(' ', 'T')}Z`);
  } catch {
    throw new CelFailure(`unknown time zone ${zone}`);
  }
}
