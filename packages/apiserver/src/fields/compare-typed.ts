import { isObject, type Json, type JsonObject } from '../json.ts';
import { own } from '../odd-keys.ts';
import { jsonEqual } from '../schema/json-equal.ts';
import { FieldSet } from './field-set.ts';
import { itemsByName } from './list-items.ts';
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
  const found = new Place();
  new CompareWalk(types).value(before, after, root, found);
  return found;
}

/** A comparison that does not see `ignored`. */
export function ignoring(comparison: Comparison, ignored: FieldSet): Comparison {
  const { added, modified, removed } = comparison;
  return { added: added.without(ignored), modified: modified.without(ignored), removed: removed.without(ignored) };
}

/** Where the walk is, and what was found below that: parts of the three trees, each made when something is put into it. */
class Place implements Comparison {
  readonly #parent: Place | undefined;
  readonly #element: PathElement;
  #added: FieldSet | undefined;
  #modified: FieldSet | undefined;
  #removed: FieldSet | undefined;

  constructor(parent?: Place, element: PathElement = '') {
    this.#parent = parent;
    this.#element = element;
  }

  get added(): FieldSet {
    this.#added ??= this.#parent?.added.below(this.#element) ?? new FieldSet();
    return this.#added;
  }

  get modified(): FieldSet {
    this.#modified ??= this.#parent?.modified.below(this.#element) ?? new FieldSet();
    return this.#modified;
  }

  get removed(): FieldSet {
    this.#removed ??= this.#parent?.removed.below(this.#element) ?? new FieldSet();
    return this.#removed;
  }

  below(element: PathElement): Place {
    return new Place(this, element);
  }

  /** Notes how the value in this place itself differs; the object as a whole has no place that could be noted. */
  note(how: keyof Comparison): void {
    this.#parent?.[how].add(this.#element);
  }
}

class CompareWalk {
  readonly #types: ValueTypes;

  constructor(types: ValueTypes) {
    this.#types = types;
  }

  value(before: Json | undefined, after: Json | undefined, ref: TypeRef, at: Place): void {
    if (before === after) return;
    const allowed = this.#types.of(ref);
    const was = typeFor(allowed, before ?? after);
    const is = typeFor(allowed, after ?? before);
    if (was !== is) {
      this.value(before, undefined, ref, at);
      this.value(undefined, after, ref, at);
      return;
    }
    if (is.kind === 'map' && this.#map(before, after, is, at)) return this.#itself(before, after, at);
    if (is.kind === 'list' && this.#list(before, after, is, at)) return this.#itself(before, after, at);
    this.#whole(before, after, at);
  }

  #whole(before: Json | undefined, after: Json | undefined, at: Place): void {
    if (before !== undefined && after !== undefined) {
      if (!jsonEqual(before, after)) at.note('modified');
    } else this.#itself(before, after, at);
  }

  #itself(before: Json | undefined, after: Json | undefined, at: Place): void {
    if (before === undefined) at.note('added');
    else if (after === undefined) at.note('removed');
  }

  /** False where the map counts as a whole. */
  #map(before: Json | undefined, after: Json | undefined, type: MapType, at: Place): boolean {
    if (type.atomic) return false;
    const was = isObject(before) ? before : NOTHING;
    const is = isObject(after) ? after : NOTHING;
    const keys = keysOf(was, is);
    for (const key of keys) {
      const inside = keyType(type, key);
      if (inside) this.value(own(was, key), own(is, key), inside.type, at.below(fieldElement(key)));
    }
    return keys.length > 0;
  }

  #list(before: Json | undefined, after: Json | undefined, type: ListType, at: Place): boolean {
    const was = Array.isArray(before) ? before : NO_ITEMS;
    const is = Array.isArray(after) ? after : NO_ITEMS;
    if (type.relation === 'atomic' || was.length + is.length === 0) return false;
    const left = itemsByName(this.#types, type, was);
    const right = itemsByName(this.#types, type, is);
    for (const [element, items] of left) this.#items(items, right.get(element) ?? NO_ITEMS, type, at.below(element));
    for (const [element, items] of right) if (!left.has(element)) this.#items(NO_ITEMS, items, type, at.below(element));
    return true;
  }

  #items(was: readonly Json[], is: readonly Json[], type: ListType, at: Place): void {
    if (was.length <= 1 && is.length <= 1) this.value(was[0], is[0], type.item, at);
    // Several items of one name cannot be told apart: together they count as a whole.
    else this.#whole(was.length > 0 ? [...was] : undefined, is.length > 0 ? [...is] : undefined, at);
  }
}

const NOTHING: JsonObject = Object.freeze({});
const NO_ITEMS: readonly Json[] = [];

/** The keys of either. */
function keysOf(was: JsonObject, is: JsonObject): string[] {
  const keys = Object.keys(was);
  for (const key of Object.keys(is)) if (!Object.hasOwn(was, key)) keys.push(key);
  return keys;
}
