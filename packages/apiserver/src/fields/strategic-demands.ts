import { isObject, type Json } from '../json.ts';
import { plainError } from '../plain-error.ts';
import { jsonEqual } from '../schema/json-equal.ts';
import { goText, goType } from './go-text.ts';
import type { PatchSchema } from './patch-schema.ts';

/** The list of a directive. */
export function demandList(value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value;
  throw plainError(`expected a []interface {}, but received a ${goType(value)}`);
}

/** Lists are merged item by item, so that all items must be of one type. */
export function demandOneType(original: readonly Json[], patch: readonly Json[]): void {
  const type = goType(original[0] ?? patch[0]);
  const fits = (item: Json) => goType(item) === type;
  if (original.every(fits) && patch.every(fits)) return;
  throw plainError(`list element types are not identical: ${goText([[...original], [...patch]])}`);
}

interface Lists {
  readonly original: Json | undefined;
  readonly patch: Json | undefined;
}

/** An order names all items of the patch, in the order in which the patch has them. */
export function demandOrder(order: readonly Json[], { mergeKey }: PatchSchema, lists: Lists): void {
  const original = lists.original === undefined ? [] : demandList(lists.original);
  const patch = lists.patch === undefined ? [] : demandList(lists.patch);
  if (original.length + patch.length === 0) return;
  if (mergeKey !== undefined) for (const [index, item] of order.entries()) demandKey(item, index, mergeKey);
  const named = patch.filter((item) => !isObject(item) || item['$patch'] === undefined);
  if (order.length === 0 || named.length === 0) return;
  let found = 0;
  for (const item of order) if (found < named.length && sameKey(named[found], item, mergeKey)) found += 1;
  if (found === named.length) return;
  throw plainError(`The order in patch list:\n${goText([...patch])}\n doesn't match $setElementOrder list:\n${goText([...order])}\n`);
}

function demandKey(item: Json, index: number, mergeKey: string): void {
  if (!isObject(item)) throw plainError(`value for key ${index} is not a map`);
  if (item[mergeKey] === undefined) throw plainError(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

function sameKey(a: Json | undefined, b: Json, mergeKey: string | undefined): boolean {
  if (mergeKey === undefined) return jsonEqual(a, b);
  return isObject(a) && isObject(b) && jsonEqual(a[mergeKey], b[mergeKey]);
}
