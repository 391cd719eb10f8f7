import type { Json, JsonObject } from './json.ts';

/** A deep copy. Many times faster than structuredClone for the small objects that the API handles. */
export function cloneJson<T extends Json>(value: T): T;
export function cloneJson(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => cloneJson(item));
  // Objects with odd keys have no prototype (json-parse.ts); the copy is like them.
  const copy: JsonObject = Object.getPrototypeOf(value) === null ? Object.create(null) : {};
  for (const key in value) {
    const item = value[key];
    if (item !== undefined) copy[key] = typeof item === 'object' && item !== null ? cloneJson(item) : item;
  }
  return copy;
}
