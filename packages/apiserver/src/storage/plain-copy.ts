import type { Json, JsonObject } from '../json.ts';

/** An object as rooms of this process are given it: a copy, frozen because they share it, without the record of who wrote which field. */
export function plainCopy(object: JsonObject): JsonObject {
  return frozenCopy(object, 0);
}

const METADATA = 1;

function frozenCopy(object: JsonObject, depth: number, key = ''): JsonObject {
  // Objects with odd keys have no prototype (json-parse.ts); the copy is like them.
  const copy: JsonObject = Object.getPrototypeOf(object) === null ? Object.create(null) : {};
  const inMetadata = depth === METADATA && key === 'metadata';
  for (const name in object) {
    const value = object[name];
    if (value !== undefined && !(inMetadata && name === 'managedFields')) copy[name] = frozen(value, depth + 1, name);
  }
  return Object.freeze(copy);
}

function frozen(value: Json, depth: number, key: string): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) return frozenCopy(value, depth, key);
  const list = value.map((item) => frozen(item, depth + 1, ''));
  Object.freeze(list);
  return list;
}
