import { isObject, type Json, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { itemName } from './list-items.ts';
import { fieldElement, fieldName, type PathElement } from './path-element.ts';
import { keyType, type ListType, type MapType, type TypeRef, typeFor, type ValueTypes } from './value-type.ts';

/** The paths that an object says something about. */
export function fieldsOf(types: ValueTypes, object: JsonObject, root: TypeRef): FieldSet {
  const walk = new FieldWalk(types);
  walk.value(object, root, []);
  return walk.set;
}

class FieldWalk {
  readonly set = new FieldSet();
  readonly #types: ValueTypes;

  constructor(types: ValueTypes) {
    this.#types = types;
  }

  value(value: Json, ref: TypeRef, path: readonly PathElement[]): void {
    const type = typeFor(this.#types.of(ref), value);
    if (type.kind === 'scalar') this.set.insert(path);
    else if (type.kind === 'map') this.#map(value, type, path);
    else this.#list(value, type, path);
  }

  #map(value: Json, type: MapType, path: readonly PathElement[]): void {
    if (type.atomic) this.set.insert(path);
    else if (isObject(value)) for (const [key, item] of Object.entries(value)) this.#entry(key, item, type, path);
  }

  #entry(key: string, item: Json | undefined, type: MapType, path: readonly PathElement[]): void {
    const inside = keyType(type, key);
    if (!inside || item === undefined) return;
    const at = [...path, fieldElement(key)];
    this.value(item, inside.type, at);
    // Keys of free maps are things of their own; declared fields are only if there is nothing in them.
    const empty = item === null || (isObject(item) && Object.keys(item).length === 0);
    if (empty || !inside.declared) this.set.insert(at);
  }

  #list(value: Json, type: ListType, path: readonly PathElement[]): void {
    if (type.relation === 'atomic') {
      this.set.insert(path);
      return;
    }
    if (!Array.isArray(value)) return;
    for (const item of value) {
      const name = itemName(this.#types, type, item);
      if ('problem' in name) continue;
      const at = [...path, name.element];
      this.value(item, type.item, at);
      this.set.insert(at);
    }
  }
}

/** The set with every declared field on the way to a member as a member too: who owns `a.b.c` may also remove `a.b`. */
export function withNamedFields(types: ValueTypes, set: FieldSet, root: TypeRef): FieldSet {
  const type = types.of(root);
  const out = new FieldSet();
  for (const element of set.members) out.add(element);
  for (const [element, child] of set.children) {
    const name = fieldName(element);
    const inside = name === undefined ? undefined : type.map && keyType(type.map, name);
    if (inside?.declared) out.add(element);
    const ref = name === undefined ? type.list?.item : inside?.type;
    out.put(element, withNamedFields(types, child, ref));
  }
  return out;
}
