import { isObject, type Json } from '../json.ts';
import { emptyLike } from '../odd-keys.ts';

/** A part of a patch as a plain value: what is new takes no directives and no nulls along; nothing is left of a map that holds one for itself. */
export function withoutDirectives(value: Json): Json | undefined {
  if (Array.isArray(value)) return plainItems(value);
  if (!isObject(value)) return value;
  if (value['$patch'] !== undefined) return undefined;
  const out = emptyLike(value);
  for (const [key, item] of Object.entries(value)) {
    const kept = item === undefined || item === null || isDirectiveKey(key) ? undefined : withoutDirectives(item);
    if (kept !== undefined) out[key] = kept;
  }
  return out;
}

/** The items of a list that are none themselves, each without directives. */
export function plainItems(list: readonly Json[]): Json[] {
  return list.map(withoutDirectives).filter((item) => item !== undefined);
}

function isDirectiveKey(key: string): boolean {
  return key === '$patch' || key === '$retainKeys' || key.startsWith('$setElementOrder/') || key.startsWith('$deleteFromPrimitiveList/');
}
