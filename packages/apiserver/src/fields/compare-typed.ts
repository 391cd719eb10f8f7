import { isObject, type Json, type JsonObject } from '../json.ts';
import { jsonEqual } from '../schema/json-equal.ts';
import { FieldSet } from './field-set.ts';
import { itemsByName } from './list-items.ts';
import { own } from './odd-keys.ts';
import { fieldElement, type PathElement } from './path-element.ts';
import { keyType, type ListType, type MapType, type TypeRef, typeFor, type ValueTypes } from './value-type.ts';

/** How two states of an object differ. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** Compares two states field by field. */
export function compareTyped(types: ValueTypes, before: JsonObject, after: JsonObject, root: TypeRef): Comparison {
  const walk = new CompareWalk(types);
  walk.value(before, after, root, []);
  return walk;
}

/** A comparison that does not see `ignored`. */
export function ignoring(comparison: Comparison, ignored: FieldSet): Comparison {
  const { added, modified, removed } = comparison;
  return { added: added.without(ignored), modified: modified.without(ignored), removed: removed.without(ignored) };
}

class CompareWalk implements Comparison {
  readonly added = new FieldSet();
  readonly modified = new FieldSet();
  readonly removed = new FieldSet();
  readonly #types: ValueTypes;

  constructor(types: ValueTypes) {
    this.#types = types;
  }

  value(before: Json | undefined, after: Json | undefined, ref: TypeRef, path: readonly PathElement[]): void {
    if (before === after) return;
    const allowed = this.#types.of(ref);
    const was = typeFor(allowed, before ?? after);
    const is = typeFor(allowed, after ?? before);
    if (was !== is) {
      this.value(before, undefined, ref, path);
      this.value(undefined, after, ref, path);
      return;
    }
    if (is.kind === 'map' && this.#map(before, after, is, path)) return this.#itself(before, after, path);
    if (is.kind === 'list' && this.#list(before, after, is, path)) return this.#itself(before, after, path);
    this.#whole(before, after, path);
  }

  #whole(before: Json | undefined, after: Json | undefined, path: readonly PathElement[]): void {
    if (before !== undefined && after !== undefined) {
      if (!jsonEqual(before, after)) this.modified.insert(path);
    } else this.#itself(before, after, path);
  }

  #itself(before: Json | undefined, after: Json | undefined, path: readonly PathElement[]): void {
    if (before === undefined) this.added.insert(path);
    else if (after === undefined) this.removed.insert(path);
  }

  /** False where the map counts as a whole. */
  #map(before: Json | undefined, after: Json | undefined, type: MapType, path: readonly PathElement[]): boolean {
    const was = isObject(before) ? before : {};
    const is = isObject(after) ? after : {};
    const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
    if (type.atomic || keys.size === 0) return false;
    for (const key of keys) {
      const inside = keyType(type, key);
      if (inside) this.value(own(was, key), own(is, key), inside.type, [...path, fieldElement(key)]);
    }
    return true;
  }

  #list(before: Json | undefined, after: Json | undefined, type: ListType, path: readonly PathElement[]): boolean {
    const was = Array.isArray(before) ? before : [];
    const is = Array.isArray(after) ? after : [];
    if (type.relation === 'atomic' || was.length + is.length === 0) return false;
    const left = itemsByName(this.#types, type, was);
    const right = itemsByName(this.#types, type, is);
    for (const element of new Set([...left.keys(), ...right.keys()])) {
      this.#items(left.get(element) ?? [], right.get(element) ?? [], type, [...path, element]);
    }
    return true;
  }

  #items(was: readonly Json[], is: readonly Json[], type: ListType, path: readonly PathElement[]): void {
    if (was.length <= 1 && is.length <= 1) this.value(was[0], is[0], type.item, path);
    // Several items of one name cannot be told apart: together they count as a whole.
    else this.#whole(was.length > 0 ? [...was] : undefined, is.length > 0 ? [...is] : undefined, path);
  }
}
