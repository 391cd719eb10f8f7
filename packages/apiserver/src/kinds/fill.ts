import { isObject, type Json, type JsonObject } from '../json.ts';

/** Sets what is not there yet. */
export function fill(object: JsonObject, defaults: Readonly<Record<string, Json>>): void {
  for (const [key, value] of Object.entries(defaults)) if (object[key] === undefined) object[key] = value;
}

/** The object under `key`, made where it is missing. */
export function part(object: JsonObject, key: string): JsonObject {
  const known = object[key];
  if (isObject(known)) return known;
  const made: JsonObject = {};
  object[key] = made;
  return made;
}
