import type { Json, JsonObject } from './json.ts';

// Names that every plain object inherits: an object with such a key gets no prototype, so that the key is like any other.
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** The object itself, or a copy of it that may take this key. */
export function takingKey(object: JsonObject, key: string): JsonObject {
  return INHERITED.has(key) ? Object.assign(Object.create(null), object) : object;
}

/** An empty map for what comes from these: without a prototype if one of them has none. */
export function emptyLike(...sources: readonly JsonObject[]): JsonObject {
  return sources.some(hasOddKeys) ? Object.create(null) : {};
}

/** Whether the object was made for keys such as `__proto__`. */
function hasOddKeys(object: JsonObject): boolean {
  return Object.getPrototypeOf(object) === null;
}

/** A copy of one level that may take the keys of both. */
export function copyOf(map: JsonObject, other: JsonObject): JsonObject {
  return Object.assign(emptyLike(map, other), map);
}

/** What a map itself has under a key. */
export function own(map: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
