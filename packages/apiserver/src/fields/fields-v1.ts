import { isObject, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { compareElements } from './path-element.ts';

const ITSELF = '.';
const ELEMENT = /^[fkvi]:/;

/** A set as `managedFields[].fieldsV1` holds it, in a fixed order. */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  return encodeInto({}, set);
}

// Every write encodes its fields: no copies on the way. Every key starts with a letter and a colon, so that none can be a name of the prototype.
function encodeInto(out: JsonObject, set: FieldSet): JsonObject {
  const elements = set.children.size === 0 ? [...set.members] : [...new Set([...set.members, ...set.children.keys()])];
  if (elements.length > 1) elements.sort(compareElements);
  for (const element of elements) {
    const child = set.children.get(element);
    const below: JsonObject = {};
    if (child && set.members.has(element)) below[ITSELF] = {};
    out[element] = child ? encodeInto(below, child) : below;
  }
  return out;
}

/** Reads fieldsV1; `undefined` for anything else. */
export function decodeFieldsV1(encoded: unknown): FieldSet | undefined {
  if (!isObject(encoded)) return undefined;
  const set = new FieldSet();
  for (const [element, below] of Object.entries(encoded)) {
    if (element === ITSELF) continue;
    if (!ELEMENT.test(element) || !isObject(below)) return undefined;
    const child = decodeFieldsV1(below);
    if (!child) return undefined;
    // An element with nothing below it stands for itself.
    if (Object.hasOwn(below, ITSELF) || Object.keys(below).length === 0) set.members.add(element);
    if (!child.isEmpty) set.children.set(element, child);
  }
  return set;
}
