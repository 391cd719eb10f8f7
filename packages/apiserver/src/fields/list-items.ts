import { isObject, type Json } from '../json.ts';
import { keyElement, type PathElement, valueElement } from './path-element.ts';
import { type ListType, typeFor, type ValueTypes } from './value-type.ts';

/** What a list item is known by; or why it cannot be known. */
export type ItemName = { readonly element: PathElement } | { readonly problem: string };

/** Names an item of a set or a keyed list. Missing keys take the default of the schema. */
export function itemName(types: ValueTypes, list: ListType, item: Json): ItemName {
  return list.relation === 'set' ? setItemName(item) : keyedItemName(types, list, item);
}

function setItemName(item: Json): ItemName {
  if (item === null) return { problem: 'associative list without keys has an element that is an explicit null' };
  if (isObject(item)) return { problem: "associative list without keys has an element that's a map type" };
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
  return { element: valueElement(item) };
}

function keyedItemName(types: ValueTypes, list: ListType, item: Json): ItemName {
  if (item === null) return { problem: 'associative list with keys may not have a null element' };
  if (!isObject(item)) return { problem: 'associative list with keys may not have non-map elements' };
  const keys: [string, Json][] = [];
  for (const name of list.keys) {
    const value = Object.hasOwn(item, name) ? item[name] : keyDefault(types, list, name);
    if (value !== undefined && value !== null) keys.push([name, value]);
  }
  if (keys.length > 0) return { element: keyElement(keys) };
  const names = list.keys.map((key) => JSON.stringify(key)).join(' ');
  return {
    problem: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  };
}

function keyDefault(types: ValueTypes, list: ListType, name: string): Json | undefined {
  const map = typeFor(types.of(list.item), {});
  if (map.kind !== 'map') return undefined;
  return map.fields[name]?.type?.['default'];
}

/** Items by name, in order; several items may share a name in objects that were stored before it had to be unique. */
export function itemsByName(types: ValueTypes, list: ListType, items: readonly Json[]): Map<PathElement, Json[]> {
  const named = new Map<PathElement, Json[]>();
  for (const item of items) {
    const name = itemName(types, list, item);
    if ('problem' in name) continue;
    const same = named.get(name.element);
    if (same) same.push(item);
    else named.set(name.element, [item]);
  }
  return named;
}
