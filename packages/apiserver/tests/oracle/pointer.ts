import { isObject, type Json } from '../../src/json.ts';
import { textOf } from './json-text.ts';

/** The value at a JSON pointer. Three segments are our own: `[key=value]` finds an item of a list, `*` is all of them, `#` how many. */
export function at(root: Json | undefined, pointer: string): Json | undefined {
  if (pointer === '' || pointer === '/') return root;
  return walk(root, segmentsOf(pointer));
}

/** Puts a mark where the pointer leads, in place. `*` goes to all items. */
export function blank(root: Json | undefined, pointer: string): void {
  const segments = segmentsOf(pointer);
  const last = segments.pop() ?? '';
  for (const holder of holders(root, segments)) {
    if (Array.isArray(holder) && last === '*') holder.fill('<masked>');
    else if (Array.isArray(holder) && Number(last) in holder) holder[Number(last)] = '<masked>';
    else if (isObject(holder) && Object.hasOwn(holder, last)) holder[last] = '<masked>';
  }
}

function segmentsOf(pointer: string): string[] {
  return pointer
    .replace(/^\//, '')
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function walk(value: Json | undefined, [segment, ...rest]: readonly string[]): Json | undefined {
  if (segment === undefined) return value;
  if (Array.isArray(value)) return walkList(value, segment, rest);
  if (!isObject(value)) return undefined;
  if (segment === '*') return Object.keys(value).toSorted();
  if (segment === '#') return Object.keys(value).length;
  return Object.hasOwn(value, segment) ? walk(value[segment], rest) : undefined;
}

function walkList(list: readonly Json[], segment: string, rest: readonly string[]): Json | undefined {
  if (segment === '*') return list.map((item) => walk(item, rest) ?? null);
  if (segment === '#') return list.length;
  const [, key, value] = /^\[([^=\]]+)=(.*)\]$/.exec(segment) ?? [];
  if (key === undefined) return walk(list[Number(segment)], rest);
  return walk(
    list.find((item) => isObject(item) && textOf(at(item, key.replaceAll('.', '/'))) === value),
    rest,
  );
}

function holders(value: Json | undefined, [segment, ...rest]: readonly string[]): (Json | undefined)[] {
  if (segment === undefined) return [value];
  if (segment === '*' && Array.isArray(value)) return value.flatMap((item) => holders(item, rest));
  return holders(walk(value, [segment]), rest);
}
