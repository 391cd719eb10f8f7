import type { Json, JsonObject } from '../json.ts';

/**
 * An empty map for what comes from these: without a prototype if one of them has none, which is how objects with keys such as
 * `__proto__` are made (json.ts).
 */
export function emptyLike(...sources: readonly JsonObject[]): JsonObject {
  return sources.some((source) => Object.getPrototypeOf(source) === null) ? Object.create(null) : {};
}

/** A copy of one level that may take the keys of both. */
export function copyOf(map: JsonObject, other: JsonObject): JsonObject {
  return Object.assign(emptyLike(map, other), map);
}

/** What a map itself has under a key. */
export function own(map: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
