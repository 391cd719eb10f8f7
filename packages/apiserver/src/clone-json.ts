import type { Json } from './json.ts';
import { emptyLike } from './odd-keys.ts';

/** A deep copy. Many times faster than structuredClone for the small objects that the API handles. */
export function cloneJson<T extends Json>(value: T): T;
export function cloneJson(value: Json): Json {
  return copied(value, false);
}

/** A deep copy but for what is frozen, which the copy shares: of a stored object, the record of who owns which fields. */
export function cloneUnfrozen<T extends Json>(value: T): T;
export function cloneUnfrozen(value: Json): Json {
  return copied(value, true);
}

function copied(value: Json, sharing: boolean): Json {
  if (typeof value !== 'object' || value === null || (sharing && Object.isFrozen(value))) return value;
  if (Array.isArray(value)) return value.map((item) => copied(item, sharing));
  const copy = emptyLike(value);
  for (const key in value) {
    const item = value[key];
    if (item !== undefined) copy[key] = typeof item === 'object' && item !== null ? copied(item, sharing) : item;
  }
  return copy;
}
