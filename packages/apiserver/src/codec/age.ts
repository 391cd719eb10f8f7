import type { Json } from '../json.ts';

const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A time as an age for people: `5m`, `3d4h`. */
export function age(time: Json, now: number): string {
  if (time === null) return '<unknown>';
  const at = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(at) ? '<invalid>' : duration(Math.floor((now - at) / 1000));
}

/** Seconds in the two units that matter most, as kubectl shows them. */
export function duration(seconds: number): string {
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return pair(seconds, MINUTE, SECOND, 'ms');
  if (seconds < 3 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return pair(seconds, HOUR, MINUTE, 'hm');
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return pair(seconds, DAY, HOUR, 'dh');
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return pair(seconds, YEAR, DAY, 'yd');
  return `${Math.floor(seconds / YEAR)}y`;
}

function pair(seconds: number, big: number, small: number, units: string): string {
  const rest = Math.floor((seconds % big) / small);
  const whole = `${Math.floor(seconds / big)}${units[0] ?? ''}`;
  return rest === 0 ? whole : `${whole}${rest}${units[1] ?? ''}`;
}
