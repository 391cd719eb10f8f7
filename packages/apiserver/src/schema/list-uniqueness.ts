import type { FieldError } from '../field-error.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { canonicalJson, duplicate, invalid } from './field-message.ts';
import type { SchemaNode } from './schema-node.ts';
import { holds } from './schema-search.ts';

function keysOf(item: JsonObject, names: readonly string[]): JsonObject {
  const keys: JsonObject = {};
  for (const name of names) if (item[name] !== undefined) keys[name] = item[name];
  return keys;
}

function duplicates(list: readonly Json[], node: SchemaNode, path: string): FieldError[] {
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    if (node.listType === 'map' && !isObject(item))
      return [invalid(`${path}[${index}]`, item, 'must be an object for an array of list-type map')];
    const shown = node.listType === 'map' && isObject(item) ? keysOf(item, node.mapKeys) : item;
    const identity = canonicalJson(shown);
    if (!seen.has(identity)) {
      seen.add(identity);
      return [];
    }
    return [duplicate(`${path}[${index}]`, shown)];
  });
}

/** Finds items that appear twice in lists that are sets or maps. */
export class UniquenessCheck {
  readonly #relevant = holds((node) => node.listType === 'set' || node.listType === 'map');

  errors(value: Json | undefined, node: SchemaNode | undefined, path: string): FieldError[] {
    if (node === undefined || !this.#relevant(node)) return [];
    if (Array.isArray(value)) {
      const own = node.listType === 'set' || node.listType === 'map' ? duplicates(value, node, path) : [];
      return [...own, ...value.flatMap((item, index) => this.errors(item, node.items, `${path}[${index}]`))];
    }
    if (!isObject(value)) return [];
    return Object.entries(value).flatMap(([key, item]) => {
      const prefix = path === '' ? key : `${path}.${key}`;
      return this.errors(item, node.child(key), node.properties.has(key) ? prefix : `${path}[${key}]`);
    });
  }
}
