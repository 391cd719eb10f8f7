import { isObject, type Json, type JsonObject } from '../json.ts';
import { copyOf, emptyLike } from '../odd-keys.ts';

/** An object as rooms of this process are given it: a copy, frozen because they share it, without the record of who wrote which field. */
export function plainCopy(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata)) return frozenCopy(object);
  const plain = copyOf(object, object);
  plain['metadata'] = Object.assign(copyOf(metadata, metadata), { managedFields: undefined });
  return frozenCopy(plain);
}

function frozenCopy(object: JsonObject): JsonObject {
  const copy = emptyLike(object);
  for (const name in object) {
    const value = object[name];
    if (value !== undefined) copy[name] = frozen(value);
  }
  return Object.freeze(copy);
}

function frozen(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? frozenList(value) : frozenCopy(value);
}

function frozenList(list: readonly Json[]): Json[] {
  const copy = list.map(frozen);
  Object.freeze(copy);
  return copy;
}
