import { any, index, int, list as listArgument, listOf } from './argument.ts';
import { compareValues } from './arithmetic.ts';
import { fn, method, type Overload, traversal } from './function.ts';
import { limitList } from './result-size.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, list, optional, param, STRING, TIMESTAMP, UINT } from './type.ts';
import { CelFailure, Duration, equal, isDictionary, isList, kindOf, type List, mapKey, Optional, Uint, type Value } from './value.ts';

const T = param('T');
const read = { cost: ([size]: readonly number[]) => traversal(size) };
const copied = { cost: ([size]: readonly number[]) => traversal(size), size: ([size = 0]: readonly number[]) => size };
const items = (value: Value | undefined) => listArgument(value).items;

function isSorted(values: readonly Value[]): boolean {
  return values.every((value, at) => at === 0 || compareValues(values[at - 1] ?? null, value) <= 0);
}

function extreme(values: readonly Value[], sign: number, name: string): Value {
  const [first, ...rest] = values;
  if (first === undefined) throw new CelFailure(`${name} called on empty list`);
  return rest.reduce((best, value) => (compareValues(value, best) * sign > 0 ? value : best), first);
}

function total(values: readonly Value[], zero: Value): Value {
  return values.reduce((sum, value) => {
    if (typeof sum === 'bigint' && typeof value === 'bigint') return sum + value;
    if (typeof sum === 'number' && typeof value === 'number') return sum + value;
    if (sum instanceof Uint && value instanceof Uint) return new Uint(sum.value + value.value);
    if (sum instanceof Duration && value instanceof Duration) return new Duration(sum.nanos + value.nanos);
    throw new CelFailure('no such overload');
  }, zero);
}

const SUMS: readonly (readonly [CelType, Value])[] = [
  [INT, 0n],
  [DOUBLE, 0],
  [UINT, new Uint(0n)],
  [DURATION, new Duration(0n)],
];
const SORTABLE = [INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING, BYTES];

const ORDERED: readonly Overload[] = SORTABLE.flatMap((type) => [
  method('isSorted', [list(type)], BOOL, { run: ([values]) => isSorted(items(values)), ...read }),
  method('min', [list(type)], type, { run: ([values]) => extreme(items(values), -1, 'min'), ...read }),
  method('max', [list(type)], type, { run: ([values]) => extreme(items(values), 1, 'max'), ...read }),
  method('sort', [list(type)], list(type), { run: ([values]) => listOf(items(values).toSorted(compareValues)), ...copied }),
]);

function found(at: number): bigint {
  return BigInt(at);
}

const POSITIONS: readonly Overload[] = [
  method('indexOf', [list(T), T], INT, {
    run: ([values, wanted]) => found(items(values).findIndex((value) => equal(value, any(wanted)))),
    ...read,
  }),
  method('lastIndexOf', [list(T), T], INT, {
    run: ([values, wanted]) => found(items(values).findLastIndex((value) => equal(value, any(wanted)))),
    ...read,
  }),
  method('first', [list(T)], optional(T), ([values]) => new Optional(items(values)[0])),
  method('last', [list(T)], optional(T), ([values]) => new Optional(items(values).at(-1))),
];

function slice(values: readonly Value[], from: number, to: number): List {
  if (from < 0 || to < 0) throw new CelFailure(`cannot slice(${from}, ${to}), negative indexes not supported`);
  if (from > to) throw new CelFailure(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`);
  if (to > values.length) throw new CelFailure(`cannot slice(${from}, ${to}), list is length ${values.length}`);
  return listOf(values.slice(from, to));
}

function flatten(values: readonly Value[], depth: number): Value[] {
  limitList(values.reduce<number>((sum, value) => sum + (depth > 0 && value !== null && isList(value) ? value.items.length : 1), 0));
  return values.flatMap((value) => (depth > 0 && value !== null && isList(value) ? flatten(value.items, depth - 1) : [value]));
}

/** Distinct values in their first order; quick where values can be keys. */
function distinct(values: readonly Value[]): Value[] {
  const keys = new Set<unknown>();
  const kept: Value[] = [];
  for (const value of values) {
    const key = mapKey(value);
    if (key === undefined ? kept.some((known) => equal(known, value)) : keys.has(key)) continue;
    keys.add(key);
    kept.push(value);
  }
  return kept;
}

function range(length: bigint): List {
  if (length > 100_000n) throw new CelFailure('lists.range: too long');
  return listOf(Array.from({ length: Math.max(0, Number(length)) }, (_, at) => BigInt(at)));
}

const flattened = { cost: ([size]: readonly number[]) => traversal(size), resultCost: (size: number) => Math.floor(size / 100) };

const SHAPES: readonly Overload[] = [
  method('slice', [list(T), INT, INT], list(T), { run: ([values, from, to]) => slice(items(values), index(from), index(to)), ...copied }),
  method('flatten', [list(list(T))], list(T), { run: ([values]) => listOf(flatten(items(values), 1)), ...flattened }),
  method('flatten', [list(DYN), INT], list(DYN), { run: ([values, depth]) => listOf(flatten(items(values), index(depth))), ...flattened }),
  method('distinct', [list(T)], list(T), {
    run: ([values]) => listOf(distinct(items(values))),
    ...copied,
    cost: ([size = 1]) => size * traversal(size),
  }),
  method('reverse', [list(T)], list(T), { run: ([values]) => listOf(items(values).toReversed()), ...copied }),
  fn('lists.range', [INT], list(INT), {
    run: ([length]) => range(int(length)),
    cost: () => 1,
    resultCost: (size) => size,
    size: () => 100_000,
  }),
];

const holds = (values: readonly Value[], wanted: Value) => values.some((value) => equal(value, wanted));
const product = { cost: ([a = 1, b = 1]: readonly number[]) => Math.max(1, a * b) };

const SETS: readonly Overload[] = [
  fn('sets.contains', [list(T), list(T)], BOOL, { run: ([a, b]) => items(b).every((value) => holds(items(a), value)), ...product }),
  fn('sets.intersects', [list(T), list(T)], BOOL, { run: ([a, b]) => items(b).some((value) => holds(items(a), value)), ...product }),
  fn('sets.equivalent', [list(T), list(T)], BOOL, {
    run: ([a, b]) => items(b).every((value) => holds(items(a), value)) && items(a).every((value) => holds(items(b), value)),
    cost: ([a = 1, b = 1]) => Math.max(1, 2 * a * b),
  }),
];

/** Functions on lists and sets. */
export const LISTS: readonly Overload[] = [
  ...ORDERED,
  ...SUMS.map(([type, zero]) => method('sum', [list(type)], type, { run: ([values]) => total(items(values), zero), ...read })),
  ...POSITIONS,
  ...SHAPES,
  ...SETS,
];

function isZero(value: Value): boolean {
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Duration) return value.nanos === 0n;
  if (typeof value !== 'object') return [false, 0, 0n, ''].includes(value);
  if (value === null) return true;
  if (isList(value)) return value.items.length === 0;
  return isDictionary(value) ? value.entries.size === 0 : kindOf(value) === 'bytes' && value instanceof Uint8Array && value.length === 0;
}

function optionalOf(value: Value | undefined): Optional {
  if (value instanceof Optional) return value;
  throw new CelFailure('no such overload');
}

function content(value: Value | undefined): Value {
  const inner = optionalOf(value).value;
  if (inner === undefined) throw new CelFailure('optional.none() dereference');
  return inner;
}

const OT = optional(T);

/** Values that may be missing. */
export const OPTIONALS: readonly Overload[] = [
  fn('optional.of', [T], OT, { run: ([value]) => new Optional(any(value)), size: ([size = 0]) => size }),
  fn('optional.ofNonZeroValue', [T], OT, {
    run: ([value]) => (isZero(any(value)) ? Optional.none : new Optional(any(value))),
    size: ([size = 0]) => size,
  }),
  fn('optional.none', [], OT, () => Optional.none),
  fn('optional.unwrap', [list(OT)], list(T), ([values]) => listOf(items(values).flatMap((value) => optionalOf(value).value ?? []))),
  method('unwrapOpt', [list(OT)], list(T), ([values]) => listOf(items(values).flatMap((value) => optionalOf(value).value ?? []))),
  method('hasValue', [OT], BOOL, ([value]) => optionalOf(value).value !== undefined),
  method('value', [OT], T, { run: ([value]) => content(value), size: ([size = 0]) => size }),
  method('or', [OT, OT], OT, {
    run: ([value, other]) => (optionalOf(value).value === undefined ? optionalOf(other) : optionalOf(value)),
    size: (sizes) => Math.max(...sizes),
  }),
  method('orValue', [OT, T], T, { run: ([value, other]) => optionalOf(value).value ?? any(other), size: (sizes) => Math.max(...sizes) }),
];
