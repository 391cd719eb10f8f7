import { isObject, type Json } from '../json.ts';

/** A value as Go prints it in messages: `map[a:1 b:[x y]]`. */
export function goText(value: Json | undefined): string {
  if (value === undefined || value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const entries = Object.keys(value).toSorted();
  return `map[${entries.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
}
