import { isObject, type Json, type JsonObject } from '../json.ts';
import { goText } from './go-text.ts';
import { itemName } from './list-items.ts';
import { elementText } from './path-element.ts';
import { keyType, type ListType, type MapType, type ScalarType, type TypeRef, typeFor, type ValueTypes } from './value-type.ts';

/** What keeps an applied object from being read by its schema, as `.path: problem`. Duplicates are a problem here, not in stored objects. */
export function typedProblems(types: ValueTypes, object: JsonObject, root: TypeRef): string[] {
  const check = new TypedCheck(types);
  check.value(object, root, '');
  return check.problems;
}

class TypedCheck {
  readonly problems: string[] = [];
  readonly #types: ValueTypes;

  constructor(types: ValueTypes) {
    this.#types = types;
  }

  value(value: Json, ref: TypeRef, path: string): void {
    if (value === null) return;
    const type = typeFor(this.#types.of(ref), value);
    if (type.kind === 'map') this.#map(value, type, path);
    else if (type.kind === 'list') this.#list(value, type, path);
    else this.#scalar(value, type, path);
  }

  #report(path: string, problem: string): void {
    this.problems.push(path === '' ? problem : `${path}: ${problem}`);
  }

  #map(value: Json, type: MapType, path: string): void {
    if (!isObject(value)) return this.#report(path, `expected map, got &{${goText(value)}}`);
    for (const [key, item] of Object.entries(value)) {
      const at = `${path}.${key}`;
      const inside = keyType(type, key);
      if (!inside) this.#report(at, 'field not declared in schema');
      else if (item !== undefined) this.value(item, inside.type, at);
    }
  }

  #list(value: Json, type: ListType, path: string): void {
    if (!Array.isArray(value)) return this.#report(path, `expected list, got &{${goText(value)}}`);
    const seen = new Set<string>();
    for (const [index, item] of value.entries()) {
      if (type.relation === 'atomic') {
        this.value(item, type.item, `${path}[${index}]`);
        continue;
      }
      const name = itemName(this.#types, type, item);
      if ('problem' in name) {
        this.#report(path, `element ${index}: ${name.problem}`);
        continue;
      }
      if (seen.has(name.element)) this.#report(path, `duplicate entries for key ${elementText(name.element)}`);
      seen.add(name.element);
      this.value(item, type.item, `${path}${elementText(name.element)}`);
    }
  }

  #scalar(value: Json, type: ScalarType, path: string): void {
    const kind = typeof value === 'bigint' ? 'number' : typeof value;
    if (type.of === 'string' && kind !== 'string') this.#report(path, `expected string, got ${goStruct(value)}`);
    else if (type.of === 'boolean' && kind !== 'boolean') this.#report(path, `expected boolean, got &{${goText(value)}}`);
    else if (type.of === 'numeric' && kind !== 'number') this.#report(path, `expected numeric (int or float), got ${goType(value)}`);
    else if (kind === 'object') this.#report(path, `expected any scalar, got ${goStruct(value)}`);
  }
}

function goType(value: Json): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (isObject(value)) return 'map[string]interface {}';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** A value as Go source would write it. */
function goLiteral(value: Json): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goLiteral).join(', ')}}`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${goLiteral(item ?? null)}`);
  return `map[string]interface {}{${entries.toSorted().join(', ')}}`;
}

function goStruct(value: Json): string {
  return `&value.valueUnstructured{Value:${goLiteral(value)}}`;
}
