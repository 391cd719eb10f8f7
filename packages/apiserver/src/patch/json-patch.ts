import { LabError } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import { goKind } from '../codec/body.ts';
import { isObject, type Json } from '../json.ts';
import { jsonEqual } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';

const MOST_OPERATIONS = 10_000;

/** Applies a JSON patch (RFC 6902) to `document`, which is changed. As Kubernetes does, `replace` of a missing map key adds it. */
export function applyJsonPatch(document: Json, patch: Json): Json {
  if (!Array.isArray(patch)) {
    throw new LabError('BadRequest', `error decoding patch: json: cannot unmarshal ${goKind(patch)} into Go value of type jsonpatch.Patch`);
  }
  if (patch.length > MOST_OPERATIONS) {
    const message = `Request entity too large: The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${patch.length}`;
    throw new StatusError('RequestEntityTooLarge', message);
  }
  return patch.reduce(applyOperation, document);
}

const TEXTS = ['op', 'path', 'from'];
const FIELDS = [...TEXTS, 'value'];

/** Reads the operations of a patch before any of them is applied: what has the wrong type is refused, what is unknown is told. */
export function unknownOperationFields(patch: Json): string[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((operation, index) => {
    if (operation === null) return [];
    if (!isObject(operation)) throw unreadable(operation, 'Go value of type handlers.jsonPatchOp');
    for (const field of TEXTS) {
      const value = operation[field] ?? '';
      if (typeof value !== 'string') throw unreadable(value, `Go struct field jsonPatchOp.${field} of type string`);
    }
    const unknown = Object.keys(operation).filter((key) => !FIELDS.includes(key));
    return unknown.map((key) => `unknown field "[${index}].${key}"`);
  });
}

function unreadable(value: Json, into: string): LabError {
  return new LabError('BadRequest', `error decoding patch: json: cannot unmarshal ${goKind(value)} into ${into}`);
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isObject(operation)) throw failed();
  const path = pointer(operation['path']);
  const value = operation['value'] ?? null;
  switch (operation['op']) {
    case 'add':
      return put(document, path, value, 'insert');
    case 'replace':
      return put(document, path, value, 'replace');
    case 'remove':
      return remove(document, path);
    case 'move': {
      const from = pointer(operation['from']);
      const moved = read(document, from);
      return put(remove(document, from), path, moved, 'insert');
    }
    case 'copy':
      // What is not there is copied as null.
      return put(document, path, cloneJson(readOrNull(document, pointer(operation['from']))), 'insert');
    case 'test':
      if (!jsonEqual(readOrNull(document, path), value)) throw failed();
      return document;
    default:
      throw failed();
  }
}

function pointer(value: Json | undefined): string[] {
  if (typeof value !== 'string') throw failed();
  if (value === '') return [];
  if (!value.startsWith('/')) throw failed();
  return value
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function put(document: Json, path: readonly string[], value: Json, how: 'insert' | 'replace'): Json {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = how === 'insert' && last === '-' ? parent.length : position(last, parent.length - (how === 'insert' ? 0 : 1));
    parent.splice(index, how === 'insert' ? 0 : 1, value);
  } else if (isObject(parent)) {
    define(parent, last, value);
  } else {
    throw failed();
  }
  return document;
}

function define(parent: object, key: string, value: Json): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function remove(document: Json, path: readonly string[]): Json {
  const last = path.at(-1);
  if (last === undefined) throw failed();
  const parent = read(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    parent.splice(position(last, parent.length - 1), 1);
  } else if (isObject(parent) && Object.hasOwn(parent, last)) {
    delete parent[last];
  } else {
    throw failed();
  }
  return document;
}

function read(document: Json, path: readonly string[]): Json {
  let here = document;
  for (const key of path) {
    const next = Array.isArray(here)
      ? here[position(key, here.length - 1)]
      : isObject(here) && Object.hasOwn(here, key)
        ? here[key]
        : undefined;
    if (next === undefined) throw failed();
    here = next;
  }
  return here;
}

function readOrNull(document: Json, path: readonly string[]): Json {
  const parent = read(document, path.slice(0, -1));
  const last = path.at(-1);
  // A test against null passes where nothing is.
  if (last !== undefined && isObject(parent) && !Object.hasOwn(parent, last)) return null;
  return read(document, path);
}

function position(text: string, last: number): number {
  if (!/^-?(0|[1-9]\d*)$/.test(text)) throw failed();
  const index = Number(text) < 0 ? Number(text) + last + 1 : Number(text);
  if (index < 0 || index > last) throw failed();
  return index;
}

/** What is wrong with an operation stays unsaid, as in Kubernetes. */
function failed(): StatusError {
  return new StatusError('Invalid', 'the server rejected our request due to an error in our request', { details: {} });
}
