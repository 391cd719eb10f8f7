import { goFloat } from '../field-message.ts';
import { compilePattern } from '../pattern.ts';
import { any, count, duration, list as listArgument, text, timestamp } from './argument.ts';
import { codePoints } from './code-points.ts';
import { fn, matching, method, type Overload, traversal } from './function.ts';
import { clockParts, durationText, instant, parseDuration, parseTimestamp, timestampText } from './time-text.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, list, map, param, STRING, TIMESTAMP, TYPE, UINT } from './type.ts';
import { CelFailure, Duration, equal, isDictionary, kindOf, mapKey, numeric, Timestamp, TypeValue, Uint, type Value } from './value.ts';

const INT_LIMIT = 1n << 63n;

function inRange(value: bigint, low: bigint, high: bigint): bigint {
  if (value < low || value >= high) throw new CelFailure(low === 0n ? 'unsigned integer overflow' : 'integer overflow');
  return value;
}

const unreadable = (type: string) => new CelFailure(`type conversion error from 'string' to '${type}'`);

function parsedInt(value: string, low: bigint, high: bigint): bigint {
  const parsed = /^[+-]?\d+$/.test(value) ? BigInt(value.replace(/^\+/, '')) : undefined;
  if (parsed === undefined || parsed < low || parsed >= high) throw unreadable(low === 0n ? 'uint' : 'int');
  return parsed;
}

function wholeOf(value: Value | undefined, low: bigint, high: bigint): bigint {
  if (typeof value === 'string') return parsedInt(value, low, high);
  if (value instanceof Timestamp) return value.nanos / 1_000_000_000n;
  const number = numeric(any(value));
  if (number === undefined) throw new CelFailure('no such overload');
  if (typeof number === 'number' && !Number.isFinite(number)) throw new CelFailure('integer overflow');
  return inRange(typeof number === 'number' ? BigInt(Math.trunc(number)) : number, low, high);
}

function doubleOf(value: Value | undefined): number {
  if (typeof value !== 'string') return Number(numeric(any(value)));
  const number = Number(value);
  if (value.trim() === '' || (Number.isNaN(number) && value !== 'NaN')) throw unreadable('double');
  return number;
}

function stringOf(value: Value | undefined): string {
  if (value instanceof Uint8Array) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(value);
    } catch {
      throw new CelFailure('invalid UTF-8 in bytes, cannot convert to string');
    }
  }
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Uint) return String(value.value);
  if (typeof value === 'number') return goFloat(value);
  return typeof value === 'object' ? text(value) : String(value);
}

function boolOf(value: Value | undefined): boolean {
  if (typeof value === 'boolean') return value;
  if (['1', 't', 'true', 'TRUE', 'True', 'T'].includes(text(value))) return true;
  if (['0', 'f', 'false', 'FALSE', 'False', 'F'].includes(text(value))) return false;
  throw unreadable('bool');
}

function durationOf(value: Value | undefined): Duration {
  if (value instanceof Duration) return value;
  if (typeof value === 'bigint') return new Duration(value);
  const parsed = parseDuration(text(value));
  if (parsed === undefined) throw unreadable('google.protobuf.Duration');
  return parsed;
}

function timestampOf(value: Value | undefined): Timestamp {
  if (value instanceof Timestamp) return value;
  if (typeof value === 'bigint') return instant(value * 1_000_000_000n);
  const parsed = parseTimestamp(text(value));
  // Dates alone are times in fields of that format, but not here.
  if (parsed === undefined || !text(value).includes(':')) throw unreadable('google.protobuf.Timestamp');
  return instant(parsed.nanos);
}

const same = ([size = 0]: readonly number[]) => size;
const reading = { cost: ([size]: readonly number[]) => traversal(size), size: same };

function conversion(name: string, from: readonly CelType[], to: CelType, run: (value: Value | undefined) => Value): Overload[] {
  return from.map((type) =>
    fn(name, [type], to, { run: ([value]) => run(value), ...(type === BYTES || type === STRING ? reading : { size: () => 64 }) }),
  );
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  null: 'null_type',
  optional: 'optional_type',
  duration: 'google.protobuf.Duration',
  timestamp: 'google.protobuf.Timestamp',
};

/** The type of a value, as a value. */
export function typeOf(value: Value): TypeValue {
  const kind = kindOf(value);
  return new TypeValue(TYPE_NAMES[kind] ?? kind);
}

const CONVERSIONS: readonly Overload[] = [
  ...conversion('int', [INT, UINT, DOUBLE, STRING, TIMESTAMP], INT, (value) => wholeOf(value, -INT_LIMIT, INT_LIMIT)),
  ...conversion('uint', [UINT, INT, DOUBLE, STRING], UINT, (value) => new Uint(wholeOf(value, 0n, 1n << 64n))),
  ...conversion('double', [DOUBLE, INT, UINT, STRING], DOUBLE, doubleOf),
  ...conversion('string', [STRING, INT, UINT, DOUBLE, BOOL, BYTES, TIMESTAMP, DURATION], STRING, stringOf),
  ...conversion('bytes', [BYTES, STRING], BYTES, (value) => (value instanceof Uint8Array ? value : new TextEncoder().encode(text(value)))),
  ...conversion('bool', [BOOL, STRING], BOOL, boolOf),
  ...conversion('duration', [DURATION, STRING, INT], DURATION, durationOf),
  ...conversion('timestamp', [TIMESTAMP, STRING, INT], TIMESTAMP, timestampOf),
  fn('dyn', [param('A')], DYN, { run: ([value]) => any(value), size: same }),
  fn('type', [param('A')], TYPE, ([value]) => typeOf(any(value))),
];

function size(value: Value | undefined): bigint {
  if (typeof value === 'string') return BigInt(codePoints(value).length);
  if (value instanceof Uint8Array) return BigInt(value.length);
  const elements = count(any(value));
  if (elements === undefined) throw new CelFailure('no such overload');
  return BigInt(elements);
}

const [A, B] = [param('A'), param('B')];
const SIZES = [STRING, BYTES, list(A), map(A, B)].flatMap((type) => [
  fn('size', [type], INT, ([value]) => size(value)),
  method('size', [type], INT, ([value]) => size(value)),
]);

/** Whether `text` holds a match of `pattern`; a pattern that is none fails. */
function matches(value: Value | undefined, pattern: Value | undefined): boolean {
  try {
    return compilePattern(text(pattern)).test(text(value));
  } catch (error) {
    throw error instanceof CelFailure ? error : new CelFailure(error instanceof Error ? error.message : String(error));
  }
}

const MATCHING = { cost: ([value, pattern]: readonly number[]) => matching(value, pattern) };

const TEXTS: readonly Overload[] = [
  method('startsWith', [STRING, STRING], BOOL, { run: ([a, b]) => text(a).startsWith(text(b)), cost: ([, prefix]) => traversal(prefix) }),
  method('endsWith', [STRING, STRING], BOOL, { run: ([a, b]) => text(a).endsWith(text(b)), cost: ([, suffix]) => traversal(suffix) }),
  method('contains', [STRING, STRING], BOOL, { run: ([a, b]) => text(a).includes(text(b)), cost: ([a, b]) => traversal(a) * traversal(b) }),
  method('matches', [STRING, STRING], BOOL, { run: ([a, b]) => matches(a, b), ...MATCHING }),
  fn('matches', [STRING, STRING], BOOL, { run: ([a, b]) => matches(a, b), ...MATCHING }),
];

function isIn(value: Value, container: Value): boolean {
  if (isDictionary(container)) {
    const key = mapKey(value);
    return key !== undefined && container.entries.has(key);
  }
  return listArgument(container).items.some((item) => equal(item, value));
}

const MEMBERSHIP: readonly Overload[] = [
  fn('@in', [A, list(A)], BOOL, { run: ([value, container]) => isIn(any(value), any(container)), cost: ([, elements = 1]) => elements }),
  fn('@in', [A, map(A, B)], BOOL, ([value, container]) => isIn(any(value), any(container))),
];

const PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};
const SPANS: Readonly<Record<string, bigint>> = {
  getHours: 3_600_000_000_000n,
  getMinutes: 60_000_000_000n,
  getSeconds: 1_000_000_000n,
  getMilliseconds: 1_000_000n,
};

const CLOCK: readonly Overload[] = [
  ...Object.entries(PARTS).flatMap(([name, read]) => [
    method(name, [TIMESTAMP], INT, ([time]) => BigInt(read(clockParts(timestamp(time), '')))),
    method(name, [TIMESTAMP, STRING], INT, ([time, zone]) => BigInt(read(clockParts(timestamp(time), text(zone))))),
  ]),
  ...Object.entries(SPANS).map(([name, unit]) => method(name, [DURATION], INT, ([span]) => duration(span).nanos / unit)),
];

/** The functions of the language itself. */
export const STANDARD: readonly Overload[] = [...CONVERSIONS, ...SIZES, ...TEXTS, ...MEMBERSHIP, ...CLOCK];
