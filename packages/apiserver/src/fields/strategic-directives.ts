import { isObject, type Json } from '../json.ts';
import { emptyLike } from './odd-keys.ts';

/** A part of a patch as a plain value: what is new takes no directives and no nulls along. */
export function withoutDirectives<T extends Json>(value: T): T;
export function withoutDirectives(value: Json): Json {
  if (Array.isArray(value))
    return value.filter((item) => !isObject(item) || item['$patch'] === undefined).map((item) => withoutDirectives(item));
  if (!isObject(value)) return value;
  const out = emptyLike(value);
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined && item !== null && !isDirectiveKey(key)) out[key] = withoutDirectives(item);
  }
  return out;
}

function isDirectiveKey(key: string): boolean {
  return key === '$patch' || key === '$retainKeys' || key.startsWith('$setElementOrder/') || key.startsWith('$deleteFromPrimitiveList/');
}
