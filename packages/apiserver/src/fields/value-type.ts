import { isObject, type Json } from '../json.ts';
import type { Schema } from '../resource.ts';

/** A schema node, or `undefined` where the type is read off the value: maps item by item, lists as a whole. */
export type TypeRef = Schema | undefined;

/** What a key of a map holds. `declared`: it is a field of the schema, not just any key. */
export interface KeyType {
  readonly type: TypeRef;
  readonly declared: boolean;
}

/** What a map may hold. */
export interface MapType {
  readonly kind: 'map';
  readonly fields: Readonly<Record<string, KeyType>>;
  /** What keys hold that are not fields; absent when there may be none. */
  readonly rest: KeyType | undefined;
  readonly atomic: boolean;
}

/** How the items of a list are told apart. */
export interface ListType {
  readonly kind: 'list';
  readonly item: TypeRef;
  readonly relation: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
}

/** A value without parts. */
export interface ScalarType {
  readonly kind: 'scalar';
  readonly of: 'string' | 'numeric' | 'boolean' | 'any';
}

/** What a schema node allows: one of the three, or all for free-form content. */
export interface ValueType {
  readonly map?: MapType;
  readonly list?: ListType;
  readonly scalar?: ScalarType;
}

const ANY: ScalarType = { kind: 'scalar', of: 'any' };
const NO_FIELDS: Readonly<Record<string, KeyType>> = {};
const FREE_KEYS: KeyType = { type: undefined, declared: false };

/** Free-form content where nothing else is said: maps merge, lists do not. */
const DEDUCED: ValueType = {
  scalar: ANY,
  list: { kind: 'list', item: undefined, relation: 'atomic', keys: [] },
  map: { kind: 'map', fields: NO_FIELDS, rest: FREE_KEYS, atomic: false },
};

const WHOLE: ValueType = { ...DEDUCED, map: { kind: 'map', fields: NO_FIELDS, rest: FREE_KEYS, atomic: true } };

const SCALARS: Readonly<Record<string, ScalarType>> = {
  string: { kind: 'scalar', of: 'string' },
  boolean: { kind: 'scalar', of: 'boolean' },
  integer: { kind: 'scalar', of: 'numeric' },
  number: { kind: 'scalar', of: 'numeric' },
};

/** Reads types off schemas, once per node. */
export class ValueTypes {
  readonly #definitions: Readonly<Record<string, Schema>>;
  readonly #known = new WeakMap<Schema, ValueType>();

  constructor(definitions: Readonly<Record<string, Schema>>) {
    this.#definitions = definitions;
  }

  of(ref: TypeRef): ValueType {
    if (ref === undefined) return DEDUCED;
    const known = this.#known.get(ref);
    if (known) return known;
    const type = this.#read(ref);
    this.#known.set(ref, type);
    return type;
  }

  /** The node itself, references followed. */
  node(ref: Schema): Schema {
    const target = this.#target(ref);
    return target ? this.node(target) : ref;
  }

  #target(node: Schema): Schema | undefined {
    if (typeof node['$ref'] === 'string') return this.#definitions[node['$ref'].slice(node['$ref'].lastIndexOf('/') + 1)];
    const [only, ...more] = Array.isArray(node['allOf']) ? node['allOf'] : [];
    return isObject(only) && more.length === 0 && typeof only['$ref'] === 'string' ? this.#target(only) : undefined;
  }

  #read(node: Schema): ValueType {
    const target = this.#target(node);
    if (target) {
      const type = this.of(target);
      const atomic = node['x-kubernetes-map-type'] === 'atomic';
      return atomic && type.map ? { ...type, map: { ...type.map, atomic } } : type;
    }
    if (node['type'] === 'object') return { map: mapType(node) };
    if (node['type'] === 'array') return { list: listType(node) };
    if (node['x-kubernetes-int-or-string'] === true || Array.isArray(node['oneOf'])) return { scalar: ANY };
    const scalar = typeof node['type'] === 'string' ? SCALARS[node['type']] : undefined;
    if (scalar) return { scalar };
    return node['x-kubernetes-preserve-unknown-fields'] === true ? DEDUCED : WHOLE;
  }
}

function mapType(node: Schema): MapType {
  const properties = isObject(node['properties']) ? node['properties'] : {};
  const fields: Record<string, KeyType> = Object.create(null);
  for (const [name, property] of Object.entries(properties)) if (isObject(property)) fields[name] = { type: property, declared: true };
  return { kind: 'map', fields, rest: restOf(node, fields), atomic: node['x-kubernetes-map-type'] === 'atomic' };
}

function restOf(node: Schema, fields: Readonly<Record<string, KeyType>>): MapType['rest'] {
  const additional = node['additionalProperties'];
  if (isObject(additional)) return { type: additional, declared: false };
  if (additional === true || node['x-kubernetes-preserve-unknown-fields'] === true) return FREE_KEYS;
  return Object.keys(fields).length === 0 ? FREE_KEYS : undefined;
}

function listType(node: Schema): ListType {
  const mark = node['x-kubernetes-list-type'];
  const keys = Array.isArray(node['x-kubernetes-list-map-keys']) ? node['x-kubernetes-list-map-keys'] : [];
  return {
    kind: 'list',
    item: isObject(node['items']) ? node['items'] : undefined,
    relation: mark === 'set' || mark === 'map' ? mark : 'atomic',
    keys: keys.filter((key) => typeof key === 'string'),
  };
}

/** Which of the allowed types a value has; for a value of another type, what it should have been. */
export function typeFor(type: ValueType, value: Json | undefined): MapType | ListType | ScalarType {
  return fittingType(type, value) ?? type.map ?? type.scalar ?? type.list ?? ANY;
}

function fittingType(type: ValueType, value: Json | undefined): MapType | ListType | ScalarType | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return type.list;
  return isObject(value) ? type.map : type.scalar;
}

/** What a key of a map holds; `undefined` where there may be no such key. */
export function keyType(map: MapType, key: string): KeyType | undefined {
  return Object.hasOwn(map.fields, key) ? map.fields[key] : map.rest;
}
