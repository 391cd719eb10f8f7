import { printJson } from '../codec/json-print.ts';
import { isObject, type Json } from '../json.ts';

/**
 * One step of a path through an object, written as fieldsV1 writes it: `f:` a field or map key, `k:` a list item by its keys,
 * `v:` a set item by its value, `i:` a list item by its place. https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export type PathElement = string;

/** The element of a field or a map key. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** The name in a field element. */
export function fieldName(element: PathElement): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/** The element of a set item. */
export function valueElement(value: Json): PathElement {
  return `v:${printJson(value)}`;
}

/** The element of a list item that is known by some of its fields. */
export function keyElement(keys: readonly (readonly [name: string, value: Json])[]): PathElement {
  const sorted = keys.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `k:{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${printJson(value)}`).join(',')}}`;
}

const RANK = 'fkvi';

/** Order of elements: fields, keyed items, values, places; each by its text. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a.charCodeAt(0) !== b.charCodeAt(0)) return RANK.indexOf(a.charAt(0)) - RANK.indexOf(b.charAt(0));
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A path as messages show it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathText(path: readonly PathElement[]): string {
  return path.map(elementText).join('');
}

/** One element as messages show it. */
export function elementText(element: PathElement): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${rest}`;
    case 'k':
      return `[${keysText(rest)}]`;
    case 'v':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

function keysText(encoded: string): string {
  const keys: unknown = JSON.parse(encoded);
  if (!isObject(keys)) return encoded;
  return Object.entries(keys)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');
}
