import { any, int, list as listArgument, text } from './argument.ts';
import { fn, type Overload, traversal } from './function.ts';
import { limitList } from './result-size.ts';
import { instant } from './time-text.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, INT, list, param, STRING, TIMESTAMP, UINT } from './type.ts';
import { CelFailure, Duration, equal, itemIdentity, type List, numeric, Timestamp, Uint, type Value } from './value.ts';

const INT_LIMIT = 1n << 63n;
const UINT_LIMIT = 1n << 64n;

function whole(value: bigint): bigint {
  if (value >= INT_LIMIT || value < -INT_LIMIT) throw new CelFailure('integer overflow');
  return value;
}

function unsigned(value: bigint): Uint {
  if (value < 0n || value >= UINT_LIMIT) throw new CelFailure('unsigned integer overflow');
  return new Uint(value);
}

type Whole = (a: bigint, b: bigint) => bigint;

/** The three numeric forms of an operator. */
function numericOperator(name: string, onWhole: Whole, onFloat: (a: number, b: number) => number): Overload[] {
  return [
    fn(name, [INT, INT], INT, ([a, b]) => whole(onWhole(int(a), int(b)))),
    fn(name, [UINT, UINT], UINT, ([a, b]) => unsigned(onWhole(unsignedOf(a), unsignedOf(b)))),
    fn(name, [DOUBLE, DOUBLE], DOUBLE, ([a, b]) => onFloat(Number(a), Number(b))),
  ];
}

function unsignedOf(value: Value | undefined): bigint {
  if (value instanceof Uint) return value.value;
  throw new CelFailure('no such overload');
}

function divide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelFailure('division by zero');
  return a / b;
}

function remainder(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelFailure('modulus by zero');
  return a % b;
}

const nanos = (value: Value | undefined): bigint => {
  if (value instanceof Duration || value instanceof Timestamp) return value.nanos;
  throw new CelFailure('no such overload');
};

function span(value: bigint): Duration {
  if (value >= INT_LIMIT || value < -INT_LIMIT) throw new CelFailure('duration overflow');
  return new Duration(value);
}

const TIME: readonly Overload[] = [
  fn('_+_', [DURATION, DURATION], DURATION, ([a, b]) => span(nanos(a) + nanos(b))),
  fn('_+_', [TIMESTAMP, DURATION], TIMESTAMP, ([a, b]) => instant(nanos(a) + nanos(b))),
  fn('_+_', [DURATION, TIMESTAMP], TIMESTAMP, ([a, b]) => instant(nanos(a) + nanos(b))),
  fn('_-_', [DURATION, DURATION], DURATION, ([a, b]) => span(nanos(a) - nanos(b))),
  fn('_-_', [TIMESTAMP, DURATION], TIMESTAMP, ([a, b]) => instant(nanos(a) - nanos(b))),
  fn('_-_', [TIMESTAMP, TIMESTAMP], DURATION, ([a, b]) => span(nanos(a) - nanos(b))),
];

/** Sets take each item once, keyed lists replace items of the same key, in the first one's order. */
function merged(a: readonly Value[], b: readonly Value[], unique: NonNullable<List['unique']>): List {
  const items = [...a];
  const places = new Map(a.map((item, at) => [itemIdentity(item, unique), at]));
  for (const item of b) {
    const identity = itemIdentity(item, unique);
    const known = identity === undefined ? items.findIndex((other) => equal(other, item)) : (places.get(identity) ?? -1);
    if (known >= 0) items[known] = item;
    else places.set(identity, items.push(item) - 1);
  }
  return { items, unique };
}

function concatenate(a: List, b: List): List {
  limitList(a.items.length + b.items.length);
  const unique = a.unique ?? b.unique;
  return unique === undefined ? { items: [...a.items, ...b.items] } : merged(a.items, b.items, unique);
}

const both = (sizes: readonly number[]) => (sizes[0] ?? 0) + (sizes[1] ?? 0);
const A = param('A');

const JOINING: readonly Overload[] = [
  fn('_+_', [STRING, STRING], STRING, { run: ([a, b]) => `${text(a)}${text(b)}`, cost: (sizes) => traversal(both(sizes)), size: both }),
  fn('_+_', [BYTES, BYTES], BYTES, {
    run: ([a, b]) => (a instanceof Uint8Array && b instanceof Uint8Array ? Uint8Array.of(...a, ...b) : ''),
    cost: (sizes) => traversal(both(sizes)),
    size: both,
  }),
  fn('_+_', [list(A), list(A)], list(A), {
    run: ([a, b]) => concatenate(listArgument(a), listArgument(b)),
    resultCost: (size) => Math.floor(size / 100),
    size: both,
  }),
];

function orderNumbers(a: number | bigint, b: number | bigint): number | undefined {
  if (Number.isNaN(a) || Number.isNaN(b)) return undefined;
  return a < b ? -1 : Number(a > b);
}

function order(a: Value, b: Value): number | undefined {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined) return orderNumbers(left, right);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return orderNumbers(nanos(a), nanos(b));
}

/** Texts are ordered by code point, not by UTF-16 unit. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  if (!/[\ud800-\udfff]/.test(a + b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Negative, zero or positive for two values of types that have an order. */
export function compareValues(a: Value, b: Value): number {
  return order(a, b) ?? 0;
}

const smaller = (sizes: readonly number[]) => traversal(Math.min(sizes[0] ?? 1, sizes[1] ?? 1));
const ORDERED: readonly (readonly [CelType, CelType])[] = [
  ...[BOOL, STRING, BYTES, DURATION, TIMESTAMP].map((type) => [type, type] as const),
  ...[INT, UINT, DOUBLE].flatMap((left) => [INT, UINT, DOUBLE].map((right) => [left, right] as const)),
];

function comparison(name: string, holds: (order: number) => boolean): Overload[] {
  return ORDERED.map(([left, right]) =>
    fn(name, [left, right], BOOL, {
      run: ([a, b]) => {
        const result = order(any(a), any(b));
        return result !== undefined && holds(result);
      },
      cost: smaller,
    }),
  );
}

/** Operators: arithmetic, comparison, equality. */
export const ARITHMETIC: readonly Overload[] = [
  ...numericOperator(
    '_+_',
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  ...numericOperator(
    '_-_',
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  ...numericOperator(
    '_*_',
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  ...numericOperator('_/_', divide, (a, b) => a / b),
  fn('_%_', [INT, INT], INT, ([a, b]) => remainder(int(a), int(b))),
  fn('_%_', [UINT, UINT], UINT, ([a, b]) => unsigned(remainder(unsignedOf(a), unsignedOf(b)))),
  fn('-_', [INT], INT, ([a]) => whole(-int(a))),
  fn('-_', [DOUBLE], DOUBLE, ([a]) => -Number(a)),
  fn('!_', [BOOL], BOOL, ([a]) => a !== true),
  ...TIME,
  ...JOINING,
  ...comparison('_<_', (result) => result < 0),
  ...comparison('_<=_', (result) => result <= 0),
  ...comparison('_>_', (result) => result > 0),
  ...comparison('_>=_', (result) => result >= 0),
  fn('_==_', [A, A], BOOL, { run: ([a, b]) => equal(any(a), any(b)), cost: smaller }),
  fn('_!=_', [A, A], BOOL, { run: ([a, b]) => !equal(any(a), any(b)), cost: smaller }),
];
