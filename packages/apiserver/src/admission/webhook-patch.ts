import { cloneJson } from '../clone-json.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { StatusError } from '../status-error.ts';

/** Applies the patch of a webhook. One that does not fit is a failure of its own, which no policy ignores. */
export function patchedBy(document: JsonObject, patch: readonly JsonObject[]): JsonObject {
  let patched: Json = cloneJson(document);
  for (const operation of patch) {
    try {
      patched = applyJsonPatch(patched, [operation]);
    } catch {
      throw internal(faultOf(operation));
    }
  }
  if (!isObject(patched)) throw internal('the patched object is no object');
  return patched;
}

/** 500 with the reason as its cause. */
export function internal(message: string): StatusError {
  return new StatusError('InternalError', `Internal error occurred: ${message}`, { details: { causes: [{ message }] } });
}

function faultOf(operation: JsonObject): string {
  const op = textAt(operation, 'op');
  const path = textAt(operation, 'path');
  switch (op) {
    case 'test':
      return `testing value ${path} failed: test failed`;
    case 'remove':
      return `error in remove for path: '${path}': Unable to remove nonexistent key: ${path.split('/').at(-1)}: missing value`;
    case 'add':
    case 'replace':
    case 'move':
    case 'copy':
      return `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`;
    default:
      return `Unexpected kind: ${op}`;
  }
}
