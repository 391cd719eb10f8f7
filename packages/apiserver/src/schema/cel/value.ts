import type { CelType } from './type.ts';

/** An evaluation that failed, with the words of the message that people see. */
export class CelFailure extends Error {}

/** An unsigned integer: a type of its own in expressions. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A span of time in nanoseconds. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A point in time in nanoseconds since 1970. */
export class Timestamp {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A value that may be missing. */
export class Optional {
  static readonly none = new Optional(undefined);
  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }
}

/** A type as a value: what `type(x)` answers. */
export class TypeValue {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value of a library's own type. */
export interface Opaque {
  readonly opaque: string;
  equals(other: Opaque): boolean;
}

/** A list; elements may be made when first asked for. */
export interface List {
  readonly items: readonly Value[];
  readonly unique?: { readonly unique: 'items' | 'keys'; readonly keys: readonly string[] };
}

/** A map, by normal form of its keys. */
export interface Dictionary {
  readonly entries: ReadonlyMap<MapKey, readonly [Value, Value]>;
}

/** An object with declared fields. */
export interface Fields {
  readonly type: CelType;
  field(name: string): Value | undefined;
  /** Names of the fields that are set. */
  names(): readonly string[];
}

/** Any value that an expression can have. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Duration
  | Timestamp
  | Optional
  | TypeValue
  | Opaque
  | List
  | Dictionary
  | Fields;

export type MapKey = string | bigint | boolean;

export const isList = (value: Value): value is List => typeof value === 'object' && value !== null && 'items' in value;
export const isDictionary = (value: Value): value is Dictionary =>
  typeof value === 'object' && value !== null && 'entries' in value && !(value instanceof Uint8Array);
export const isFields = (value: Value): value is Fields => typeof value === 'object' && value !== null && 'names' in value;
const isOpaque = (value: Value): value is Opaque => typeof value === 'object' && value !== null && 'opaque' in value;

/** The form of a key under which equal keys meet: 1, 1u and 1.0 are one key. Nothing for what can be no key. */
export function mapKey(value: Value): MapKey | undefined {
  if (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  if (value instanceof Uint) return value.value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

/** A dictionary of the given entries; a repeated key fails. */
export function dictionary(pairs: Iterable<readonly [Value, Value]>): Dictionary {
  const entries = new Map<MapKey, readonly [Value, Value]>();
  for (const [key, value] of pairs) {
    const normal = mapKey(key);
    if (normal === undefined) throw new CelFailure('unsupported key type');
    if (entries.has(normal)) throw new CelFailure(`insert failed: key ${String(normal)} already exists`);
    entries.set(normal, [key, value]);
  }
  return { entries };
}

/** The kind of a value at run time, as overloads are chosen by it. */
export function kindOf(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    default:
      return value === null ? 'null' : structuredKind(value);
  }
}

function structuredKind(value: Exclude<Value, null | boolean | bigint | number | string>): string {
  if (isList(value)) return 'list';
  if (isFields(value)) return 'object';
  if (isOpaque(value)) return value.opaque;
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Duration) return 'duration';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Optional) return 'optional';
  return value instanceof TypeValue ? 'type' : 'map';
}

/** A number of any numeric type, comparable with others. */
export function numeric(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
}

function fieldOf(value: Value, key: string): Value | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('names' in value) return value.field(key);
  return 'entries' in value && !(value instanceof Uint8Array) ? value.entries.get(key)?.[1] : undefined;
}

function part(value: Value | undefined): string | undefined {
  if (value === undefined) return '-';
  const key = mapKey(value);
  return key === undefined ? undefined : `${typeof key} ${String(key).length} ${String(key)}`;
}

/** What makes an item of a set or keyed list the same item; nothing for items that must be compared whole. */
export function itemIdentity(item: Value, { unique, keys }: NonNullable<List['unique']>): string | undefined {
  if (unique === 'items') return part(item);
  const parts = keys.map((key) => part(fieldOf(item, key)));
  return parts.includes(undefined) ? undefined : parts.join('\0');
}

/** Sets and keyed lists are equal in any order. */
function equalUnordered(a: List, b: List, unique: NonNullable<List['unique']>): boolean {
  const others = new Map(b.items.map((item) => [itemIdentity(item, unique), item]));
  return a.items.every((item) => {
    const identity = itemIdentity(item, unique);
    const other = identity === undefined ? undefined : others.get(identity);
    return identity === undefined ? b.items.some((candidate) => equal(item, candidate)) : other !== undefined && equal(item, other);
  });
}

function equalLists(a: List, b: List): boolean {
  const unique = a.unique ?? b.unique;
  if (a.items.length !== b.items.length) return false;
  if (unique !== undefined) return equalUnordered(a, b, unique);
  return a.items.every((item, index) => equal(item, b.items[index] ?? null));
}

function equalDictionaries(a: Dictionary, b: Dictionary): boolean {
  if (a.entries.size !== b.entries.size) return false;
  return [...a.entries].every(([key, [, value]]) => {
    const other = b.entries.get(key);
    return other !== undefined && equal(value, other[1]);
  });
}

function equalFields(a: Fields, b: Fields): boolean {
  const names = a.names();
  if (names.length !== b.names().length) return false;
  return names.every((name) => {
    const other = b.field(name);
    return other !== undefined && equal(a.field(name) ?? null, other);
  });
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function equalOptionals(a: Optional, b: Optional): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value;
  return equal(a.value, b.value);
}

/** Equality over all types; numbers are equal across types, values of different kinds are not. */
export function equal(a: Value, b: Value): boolean {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined)
    return typeof left === typeof right ? left === right : Number(left) === Number(right) && left == right;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  return equalStructured(a, b);
}

function equalScalars(a: Uint8Array | Duration | Timestamp | TypeValue, b: Value): boolean {
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b);
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  return b instanceof TypeValue && a.name === b.name;
}

function equalStructured(a: Exclude<Value, null | boolean | bigint | number | string>, b: Value): boolean {
  if (a instanceof Uint) return false;
  if (isList(a)) return isList(b) && equalLists(a, b);
  if (isFields(a)) return isFields(b) && equalFields(a, b);
  if (isOpaque(a)) return isOpaque(b) && a.equals(b);
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b);
  return isDictionary(a) ? isDictionary(b) && equalDictionaries(a, b) : equalScalars(a, b);
}

/** How large a value is for the purpose of cost: characters, elements, or one. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (isList(value)) return value.items.length;
  return isDictionary(value) ? value.entries.size : 1;
}
