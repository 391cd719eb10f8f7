import { cloneJson } from '../clone-json.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';

/** Applies a JSON merge patch (RFC 7396): maps merge, null removes, anything else replaces. `target` is changed, and shares nothing with the patch. */
export function applyMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete target[key];
    else define(target, key, merged(Object.hasOwn(target, key) ? target[key] : undefined, value));
  }
  return target;
}

function merged(there: Json | undefined, value: Json): Json {
  if (!isObject(value)) return cloneJson(value);
  return applyMergePatch(isObject(there) ? there : {}, value);
}

function define(target: JsonObject, key: string, value: Json): void {
  // Assigned, this one name would set the prototype; to define all others would make a large patch several times dearer.
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
