import { CelFailure, Duration, isDictionary, isList, type List, Timestamp, type Value } from './value.ts';

const NO_OVERLOAD = 'no such overload';

function wrong(): never {
  throw new CelFailure(NO_OVERLOAD);
}

/** Arguments as their types: overloads are chosen by type first, so a mismatch here is a value of unknown type. */
export function text(value: Value | undefined): string {
  return typeof value === 'string' ? value : wrong();
}

export function int(value: Value | undefined): bigint {
  return typeof value === 'bigint' ? value : wrong();
}

export function list(value: Value | undefined): List {
  return value !== undefined && isList(value) ? value : wrong();
}

export function duration(value: Value | undefined): Duration {
  return value instanceof Duration ? value : wrong();
}

export function timestamp(value: Value | undefined): Timestamp {
  return value instanceof Timestamp ? value : wrong();
}

export function any(value: Value | undefined): Value {
  return value === undefined ? wrong() : value;
}

/** An index into a text or list; far ones are cut, as no text is that long. */
export function index(value: Value | undefined): number {
  const given = int(value);
  return Number(given > 1_000_000_000n ? 1_000_000_000n : given < -1n ? -1n : given);
}

/** How many elements a list or map holds, or nothing for other values. */
export function count(value: Value): number | undefined {
  if (isList(value)) return value.items.length;
  return isDictionary(value) ? value.entries.size : undefined;
}

/** A list of the given values. */
export const listOf = (items: readonly Value[]): List => ({ items });
