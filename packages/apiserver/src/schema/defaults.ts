import { isObject, type Json, type JsonObject } from '../json.ts';
import { SchemaNode } from './schema-node.ts';

function copy(value: Json): Json {
  if (Array.isArray(value)) return value.map(copy);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) result[key] = copy(item);
  return result;
}

type Fill = (value: Json) => void;

const NOTHING: Fill = () => undefined;

/**
 * Compiled defaulting of one schema. Nulls that the schema does not allow are replaced by the default where there is one.
 * Parts of a schema that hold no default and no such null cost nothing to skip but the look.
 */
export class Defaulter {
  readonly #fills = new Map<SchemaNode, Fill>();

  apply(value: Json, node: SchemaNode): void {
    this.#for(node)(value);
  }

  #for(node: SchemaNode): Fill {
    const known = this.#fills.get(node);
    if (known !== undefined) return known;
    const fill: Fill =
      node.items !== undefined || node.properties.size > 0 || node.additional instanceof SchemaNode ? this.#compile(node) : NOTHING;
    this.#fills.set(node, fill);
    return fill;
  }

  #compile(node: SchemaNode): Fill {
    const { items, properties, additional } = node;
    const other = additional instanceof SchemaNode ? additional : undefined;
    const defaulted = [...properties].filter(([, property]) => property.default !== undefined);
    return (value) => {
      if (Array.isArray(value)) {
        if (items !== undefined) this.#list(value, items);
      } else if (isObject(value)) {
        for (const [key, property] of defaulted) this.#missing(value, key, property);
        for (const key of Object.keys(value)) this.#present(value, key, properties.get(key) ?? other);
      }
    };
  }

  #missing(object: JsonObject, key: string, property: SchemaNode): void {
    if (Object.hasOwn(object, key) || property.default === undefined) return;
    object[key] = copy(property.default);
  }

  #present(object: JsonObject, key: string, node: SchemaNode | undefined): void {
    if (node === undefined) return;
    const value = object[key];
    if (value === null && !node.nullable && node.default !== undefined) object[key] = copy(node.default);
    const current = object[key];
    if (typeof current === 'object' && current !== null) this.#for(node)(current);
  }

  #list(list: Json[], items: SchemaNode): void {
    for (const [index, item] of list.entries()) {
      if (item === null && !items.nullable && items.default !== undefined) list[index] = copy(items.default);
      const current = list[index];
      if (typeof current === 'object' && current !== null) this.#for(items)(current);
    }
  }
}
