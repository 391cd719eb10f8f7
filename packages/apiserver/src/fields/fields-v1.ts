import { isObject, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { compareElements, type PathElement } from './path-element.ts';

const ITSELF = '.';
const ELEMENT = /^[fkvi]:/;

/**
 * Both forms of the sets that were encoded here, by each other. Most writers of an object change nothing of what others own, so that
 * most sets are written again as they were read. The encoded form is frozen: many versions of an object share it.
 */
const encodedOf = new WeakMap<FieldSet, JsonObject>();
const decodedOf = new WeakMap<object, FieldSet>();

/** A set as `managedFields[].fieldsV1` holds it, in a fixed order. It is frozen. */
export function encodeFieldsV1(set: FieldSet): JsonObject {
  const known = encodedOf.get(set);
  if (known) return known;
  const encoded = encodeInto({}, set);
  encodedOf.set(set, encoded);
  decodedOf.set(encoded, set);
  return encoded;
}

// What says "this one" and no more; most of an encoded set is that, and every stored object has some dozens of them.
const ALONE: JsonObject = Object.freeze({});

// Every write encodes its fields: no copies on the way. Every key starts with a letter and a colon, so that none can be a name of the prototype.
function encodeInto(out: JsonObject, set: FieldSet): JsonObject {
  for (const element of elementsOf(set)) {
    const child = set.children.get(element);
    out[element] = child ? encodeInto(set.members.has(element) ? { [ITSELF]: ALONE } : {}, child) : ALONE;
  }
  return Object.freeze(out);
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
  const known = decodedOf.get(encoded);
  if (known) return known;
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
