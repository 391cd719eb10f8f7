import { cloneJson } from '../clone-json.ts';
import { printJson } from '../codec/json-print.ts';
import { isObject, type JsonObject } from '../json.ts';
import { jsonEqual } from '../schema/json-equal.ts';
import { compareTyped } from './compare-typed.ts';
import { FieldSet } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import type { ResourceTypes } from './resource-types.ts';

/** Where client-side `kubectl apply` remembers what it sent. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Above this, annotations are refused; then the memory is kept as an empty text, as kubectl's readers expect. */
const MOST_BYTES = 262144;

function annotationsOf(object: JsonObject | undefined): JsonObject | undefined {
  const metadata = object?.['metadata'];
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? annotations : undefined;
}

function lastApplied(object: JsonObject): JsonObject | undefined {
  const text = annotationsOf(object)?.[LAST_APPLIED];
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // Anybody may have written anything here: then it allows nothing.
    return undefined;
  }
}

/** Fields that still have the value which client-side apply gave them: `kubectl apply --server-side` may take them over. */
export function fieldsOfLastApplied(live: JsonObject, { types, root }: ResourceTypes): FieldSet {
  const applied = lastApplied(live);
  if (!applied) return new FieldSet();
  const changed = compareTyped(types, applied, live, root);
  return fieldsOf(types, applied, root).difference(changed.modified).difference(changed.removed);
}

/** Rewrites the memory of client-side apply with what was applied now, so that both ways of applying may be mixed. */
export function rememberApplied(object: JsonObject, live: JsonObject, config: JsonObject): void {
  if (annotationsOf(live)?.[LAST_APPLIED] === undefined) return;
  const annotations = annotationsOf(object);
  if (!annotations) return;
  const remembered = withoutMemory(config);
  const text = `${printJson(remembered)}\n`;
  const same = jsonEqual(lastApplied(live), remembered);
  if (!same) annotations[LAST_APPLIED] = Buffer.byteLength(text) > MOST_BYTES ? '' : text;
}

function withoutMemory(config: JsonObject): JsonObject {
  const copy = cloneJson(config);
  const annotations = annotationsOf(copy);
  if (annotations) delete annotations[LAST_APPLIED];
  const metadata = copy['metadata'];
  if (isObject(metadata)) delete metadata['managedFields'];
  return copy;
}
