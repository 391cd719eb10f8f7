import { isObject, type Json, type JsonObject } from './json.ts';

/** The string at the end of `path`, or `''`. */
export function textAt(from: Json | undefined, ...path: readonly string[]): string {
  const value = follow(from, path);
  return typeof value === 'string' ? value : '';
}

/** The strings of the list at the end of `path`; anything else in it is left out. */
export function textsAt(from: Json | undefined, ...path: readonly string[]): string[] {
  const value = follow(from, path);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The object at the end of `path`, or `undefined`. */
export function objectAt(from: Json | undefined, ...path: readonly string[]): JsonObject | undefined {
  const value = follow(from, path);
  return isObject(value) ? value : undefined;
}

/** The objects of the list at the end of `path`; anything else in it is left out. */
export function objectsAt(from: Json | undefined, ...path: readonly string[]): JsonObject[] {
  const value = follow(from, path);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The string-to-string map at the end of `path`: labels, annotations, selectors. */
export function mapAt(from: Json | undefined, ...path: readonly string[]): Record<string, string> {
  const map: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(objectAt(from, ...path) ?? {})) if (typeof value === 'string') map[key] = value;
  return map;
}

/** The number at the end of `path`, or `undefined`. */
export function numberAt(from: Json | undefined, ...path: readonly string[]): number | undefined {
  const value = follow(from, path);
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' ? value : undefined;
}

/** The object at the end of `path`, made where it is missing. */
export function ensureObject(from: JsonObject, ...path: readonly string[]): JsonObject {
  let here = from;
  for (const key of path) {
    const next = here[key];
    if (isObject(next)) {
      here = next;
      continue;
    }
    const made: JsonObject = {};
    here[key] = made;
    here = made;
  }
  return here;
}

/** The value at the end of `path`, or `undefined`. */
export function valueAt(from: Json | undefined, ...path: readonly string[]): Json | undefined {
  return follow(from, path);
}

function follow(from: Json | undefined, path: readonly string[]): Json | undefined {
  let here = from;
  for (const key of path) {
    if (!isObject(here) || !Object.hasOwn(here, key)) return undefined;
    here = here[key];
  }
  return here;
}
