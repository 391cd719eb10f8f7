import { LabError } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { copyOf, own } from '../odd-keys.ts';
import { plainError } from '../plain-error.ts';
import type { ResourceInfo } from '../resource.ts';
import { jsonEqual } from '../schema/json-equal.ts';
import { goText } from './go-text.ts';
import { PatchSchema } from './patch-schema.ts';
import { typesOf } from './resource-types.ts';
import { demandList, demandOneType, demandOrder } from './strategic-demands.ts';
import { plainItems, withoutDirectives } from './strategic-directives.ts';
import { inServerOrder, type SameItem } from './strategic-order.ts';

/**
 * `original` with a strategic merge patch applied: lists with a merge key by item, other lists as a whole, and the `$` directives.
 * The original may be changed, the patch is not, and the result shares nothing with it. https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
export function strategicMerge(original: JsonObject, patch: Json, resource: ResourceInfo): JsonObject {
  if (!isObject(patch)) throw new LabError('BadRequest', 'json: cannot unmarshal the patch into an object');
  const { types, root } = typesOf(resource);
  return mergeMap(original, patch, new PatchSchema(types, root));
}

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const ORDER = '$setElementOrder';
const DELETE = '$deleteFromPrimitiveList/';

function mergeMap(into: JsonObject, from: JsonObject, schema: PatchSchema): JsonObject {
  const directive = from[DIRECTIVE];
  if (directive !== undefined) return replacedMap(directive, from);
  const original = withRoomFor(into, from);
  // Directives are taken out of it; most maps of a patch have none.
  const patch = hasDirectives(from) ? copyOf(from, from) : from;
  retainKeys(original, patch);
  const orders = takeOrders(patch);
  for (const [key, order] of orders) demandOrder(order, schema.field(key), { original: original[key], patch: patch[key] });
  for (const [key, gone] of takePrefixed(patch, DELETE)) if (Array.isArray(gone)) deletePrimitives(original, key, gone);
  for (const [key, value] of Object.entries(patch)) {
    const merged = mergedValue(own(original, key), value, schema.field(key), orders.get(key));
    orders.delete(key);
    if (merged === undefined) delete original[key];
    else original[key] = merged;
  }
  for (const [key, order] of orders) reorder(original, key, order, schema.field(key));
  return original;
}

/** The map itself, unless the other has keys that only a map without a prototype can take. */
function withRoomFor(map: JsonObject, other: JsonObject): JsonObject {
  return Object.getPrototypeOf(other) === null && Object.getPrototypeOf(map) !== null ? copyOf(map, other) : map;
}

function hasDirectives(patch: JsonObject): boolean {
  for (const key in patch) if (key.startsWith('$')) return true;
  return false;
}

function replacedMap(directive: Json, patch: JsonObject): JsonObject {
  if (directive === 'delete') return {};
  if (directive !== 'replace') throw plainError(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  const { [DIRECTIVE]: _, ...rest } = patch;
  return cloneJson(rest);
}

/** `$retainKeys` lists all keys that may stay: for unions, of which only one member may be set. */
function retainKeys(original: JsonObject, patch: JsonObject): void {
  const retained = patch[RETAIN];
  if (retained === undefined) return;
  delete patch[RETAIN];
  if (!Array.isArray(retained)) throw new LabError('BadRequest', 'invalid patch format of retainKeys');
  const keep = new Set(retained);
  const others = Object.keys(patch).filter((key) => !key.startsWith('$') && patch[key] !== null && !keep.has(key));
  if (others.length > 0) throw new LabError('BadRequest', 'invalid patch format of retainKeys');
  for (const key of Object.keys(original)) if (!keep.has(key)) delete original[key];
}

/** Takes the directives that name another key out of the patch. */
function takePrefixed(patch: JsonObject, prefix: string): Map<string, Json | undefined> {
  const found = new Map<string, Json | undefined>();
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(prefix)) continue;
    found.set(key.slice(prefix.length), patch[key]);
    delete patch[key];
  }
  return found;
}

function takeOrders(patch: JsonObject): Map<string, Json[]> {
  const orders = new Map<string, Json[]>();
  for (const [key, order] of takePrefixed(patch, ORDER)) orders.set(key.replace(/^\//, ''), demandList(order));
  return orders;
}

function deletePrimitives(original: JsonObject, key: string, gone: readonly Json[]): void {
  const list = original[key];
  if (!Array.isArray(list)) return;
  demandOneType(list, gone);
  original[key] = list.filter((item) => !gone.some((one) => jsonEqual(one, item)));
}

function mergedValue(
  original: Json | undefined,
  patch: Json | undefined,
  schema: PatchSchema,
  order: readonly Json[] | undefined,
): Json | undefined {
  if (patch === null || patch === undefined) return undefined;
  if (isObject(original) && isObject(patch))
    return schema.strategies.has('replace') ? withoutDirectives(patch) : mergeMap(original, patch, schema);
  if (Array.isArray(original) && Array.isArray(patch) && schema.strategies.has('merge'))
    return mergeList(original, patch, schema, order ?? patch);
  return withoutDirectives(patch);
}

function reorder(original: JsonObject, key: string, order: readonly Json[], schema: PatchSchema): void {
  const list = original[key];
  if (Array.isArray(list)) original[key] = inServerOrder(list, order, list, sameItem(schema));
}

function sameItem(schema: PatchSchema): SameItem {
  const { mergeKey } = schema;
  if (mergeKey === undefined) return jsonEqual;
  return (a, b) => isObject(a) && isObject(b) && a[mergeKey] !== undefined && jsonEqual(a[mergeKey], b[mergeKey]);
}

function mergeList(original: readonly Json[], patch: readonly Json[], schema: PatchSchema, order: readonly Json[]): Json[] {
  demandOneType(original, patch);
  const same = sameItem(schema);
  const merged = patch.some(isObject) || original.some(isObject) ? mergeItems(original, patch, schema) : unique([...original, ...patch]);
  if (merged === undefined) return plainItems(patch);
  return inServerOrder(merged, order, original, same);
}

/** `undefined` where the patch replaces the whole list. */
function mergeItems(original: readonly Json[], patch: readonly Json[], schema: PatchSchema): Json[] | undefined {
  const { mergeKey } = schema;
  if (mergeKey === undefined) throw plainError('cannot merge lists without merge key');
  const same = sameItem(schema);
  let out = [...original];
  for (const item of patch) {
    const directive = isObject(item) ? item[DIRECTIVE] : undefined;
    if (directive === 'replace') return undefined;
    requireKey(item, mergeKey);
    if (directive === 'delete') out = out.filter((one) => !same(one, item));
    else if (directive === 'merge') throw plainError('merging lists cannot yet be specified in the patch');
    else if (directive !== undefined) throw plainError(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
    else mergeItem(out, item, schema.item(), same);
  }
  return out;
}

function mergeItem(list: Json[], item: Json, schema: PatchSchema, same: SameItem): void {
  const index = list.findIndex((one) => same(one, item));
  const known = list[index];
  if (isObject(known) && isObject(item)) list[index] = mergeMap(known, item, schema);
  else list.push(...plainItems([item]));
}

function requireKey(item: Json, mergeKey: string): void {
  if (isObject(item) && item[mergeKey] !== undefined) return;
  throw plainError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

function unique(items: readonly Json[]): Json[] {
  return items.filter((item, index) => items.findIndex((one) => jsonEqual(one, item)) === index);
}
