import { isObject, type Json, type JsonObject } from '../../json.ts';
import { isInteger } from '../number-check.ts';
import { escapeProperty } from './schema-type.ts';
import { parseDuration, parseTimestamp } from './time-text.ts';
import { type CelType, DYN, part, STRING } from './type.ts';
import { type Dictionary, type Fields, type List, type MapKey, type Value } from './value.ts';

/** A list of an object; its elements are converted when first looked at. */
class JsonList implements List {
  readonly unique?: NonNullable<CelType['list']>;
  readonly #raw: readonly Json[];
  readonly #element: CelType;
  #items: readonly Value[] | undefined;

  constructor(raw: readonly Json[], type: CelType) {
    this.#raw = raw;
    this.#element = part(type);
    if (type.list !== undefined) this.unique = type.list;
  }

  get items(): readonly Value[] {
    this.#items ??= this.#raw.map((item) => fromJson(item, this.#element));
    return this.#items;
  }
}

class JsonMap implements Dictionary {
  readonly #raw: JsonObject;
  readonly #value: CelType;
  #entries: ReadonlyMap<MapKey, readonly [Value, Value]> | undefined;

  constructor(raw: JsonObject, type: CelType) {
    this.#raw = raw;
    this.#value = part(type, 1);
  }

  get entries(): ReadonlyMap<MapKey, readonly [Value, Value]> {
    this.#entries ??= new Map(Object.entries(this.#raw).map(([key, value]) => [key, [key, fromJson(value ?? null, this.#value)]]));
    return this.#entries;
  }
}

class JsonFields implements Fields {
  readonly type: CelType;
  readonly #raw: JsonObject;
  /** Lists and objects that were asked for: loops ask again. */
  readonly #made = new Map<string, Value>();

  constructor(raw: JsonObject, type: CelType) {
    this.#raw = raw;
    this.type = type;
  }

  field(name: string): Value | undefined {
    const key = this.type.key?.(name) ?? name;
    const type = this.type.field?.(name);
    const value = Object.hasOwn(this.#raw, key) ? this.#raw[key] : undefined;
    // A field that is null counts as not set.
    if (type === undefined || value === undefined || value === null) return undefined;
    if (typeof value !== 'object') return fromJson(value, type);
    const made = this.#made.get(key) ?? fromJson(value, type);
    this.#made.set(key, made);
    return made;
  }

  names(): readonly string[] {
    const named = Object.keys(this.#raw).map((key) => escapeProperty(key) ?? key);
    return named.filter((name) => this.field(name) !== undefined);
  }
}

function fromNumber(value: number | bigint, type: CelType): Value {
  if (type.kind === 'double') return Number(value);
  return isInteger(value) ? BigInt(value) : Number(value);
}

function fromText(text: string, type: CelType): Value {
  switch (type.kind) {
    case 'timestamp':
      return parseTimestamp(text) ?? text;
    case 'duration':
      return parseDuration(text) ?? text;
    case 'bytes':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

const ANY_MAP: CelType = { kind: 'map', of: [STRING, DYN] };

/** A JSON value as an expression of `type` sees it; without a type numbers are ints where they are whole. */
export function fromJson(value: Json, type: CelType = DYN): Value {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return fromNumber(value, type);
  if (typeof value === 'string') return fromText(value, type);
  if (Array.isArray(value)) return new JsonList(value, type);
  if (type.kind === 'object') return new JsonFields(value, type);
  return isObject(value) ? new JsonMap(value, type.kind === 'map' ? type : ANY_MAP) : null;
}
