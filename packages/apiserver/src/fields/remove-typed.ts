import { isObject, type Json, type JsonObject } from '../json.ts';
import { emptyLike } from '../odd-keys.ts';
import type { FieldSet } from './field-set.ts';
import { itemName } from './list-items.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { keyType, type ListType, type MapType, type TypeRef, typeFor, type ValueTypes } from './value-type.ts';

/** The object without the fields and items that are members of `gone`. Maps and lists that become empty by it go too. */
export function removeTyped(types: ValueTypes, object: JsonObject, gone: FieldSet, root: TypeRef): JsonObject {
  const rest = new Removal(types).value(object, gone, root);
  return isObject(rest) ? rest : {};
}

class Removal {
  readonly #types: ValueTypes;

  constructor(types: ValueTypes) {
    this.#types = types;
  }

  value(value: Json, gone: FieldSet, ref: TypeRef): Json | undefined {
    const type = typeFor(this.#types.of(ref), value);
    if (type.kind === 'map' && !type.atomic && isObject(value)) return this.#map(value, gone, type);
    if (type.kind === 'list' && type.relation !== 'atomic' && Array.isArray(value)) return this.#list(value, gone, type);
    return value;
  }

  #map(value: JsonObject, gone: FieldSet, type: MapType): Json | undefined {
    const out = emptyLike(value);
    for (const [key, item] of Object.entries(value)) {
      const rest = item === undefined ? undefined : this.#part(item, fieldElement(key), gone, keyType(type, key)?.type);
      if (rest !== undefined) out[key] = rest;
    }
    return Object.keys(out).length > 0 || Object.keys(value).length === 0 ? out : undefined;
  }

  #list(value: readonly Json[], gone: FieldSet, type: ListType): Json | undefined {
    const out: Json[] = [];
    for (const item of value) {
      const name = itemName(this.#types, type, item);
      const rest = 'element' in name ? this.#part(item, name.element, gone, type.item) : item;
      if (rest !== undefined) out.push(rest);
    }
    return out.length > 0 || value.length === 0 ? out : undefined;
  }

  #part(item: Json, element: PathElement, gone: FieldSet, ref: TypeRef): Json | undefined {
    if (gone.members.has(element)) return undefined;
    const below = gone.children.get(element);
    return below ? this.value(item, below, ref) : item;
  }
}
