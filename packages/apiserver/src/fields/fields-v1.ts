import { isObject, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { compareElements, type PathElement } from './path-element.ts';

const ITSELF = '.';
const ELEMENT = /^[fkvi]:/;

/** A set as `managedFields[].fieldsV1` holds it, in a fixed order. */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  return encodeInto({}, set);
}

// What says "this one" and no more; most of an encoded set is that, and every stored object has some dozens of them.
const ALONE: JsonObject = Object.freeze({});

// Every write encodes its fields: no copies on the way. Every key starts with a letter and a colon, so that none can be a name of the prototype.
function encodeInto(out: JsonObject, set: FieldSet): JsonObject {
  for (const element of elementsOf(set)) {
    const child = set.children.get(element);
    out[element] = child ? encodeInto(set.members.has(element) ? { [ITSELF]: ALONE } : {}, child) : ALONE;
  }
  return out;
}

function elementsOf({ members, children }: FieldSet): PathElement[] {
  const elements = [...members];
  for (const element of children.keys()) if (!members.has(element)) elements.push(element);
  if (elements.length > 1) elements.sort(compareElements);
  return elements;
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
    if (Object.hasOwn(below, ITSELF) || Object.keys(below).length === 0) set.add(element);
    if (!child.isEmpty) set.put(element, child);
  }
  return set;
}
