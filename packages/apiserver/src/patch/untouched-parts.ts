import { cloneUnfrozen } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';

const OF_STATUS = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** What a merge patch through `/status` cannot change and says nothing of: all but the status and the metadata. Nothing if it says more. */
export function untouchedParts(live: JsonObject, patch: JsonObject): JsonObject | undefined {
  if (Object.keys(patch).some((key) => !OF_STATUS.has(key))) return undefined;
  return Object.fromEntries(Object.entries(live).filter(([key]) => !OF_STATUS.has(key)));
}

/** A copy of the other parts, to be changed. */
export function copyWithout(parts: JsonObject, live: JsonObject): JsonObject {
  return cloneUnfrozen(Object.fromEntries(Object.entries(live).filter(([key]) => !Object.hasOwn(parts, key))));
}

/** The whole again, its members in the order that they had. The parts are shared with `live`, which nobody changes. */
export function joinParts(parts: JsonObject, changed: JsonObject, live: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const key of Object.keys(live)) {
    const from = Object.hasOwn(parts, key) ? parts : changed;
    if (from[key] !== undefined) out[key] = from[key];
  }
  for (const key of Object.keys(changed)) out[key] ??= changed[key];
  return out;
}
