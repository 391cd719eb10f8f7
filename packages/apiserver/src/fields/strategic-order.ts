import type { Json } from '../json.ts';

/** Whether two list items are the same thing. */
export type SameItem = (a: Json, b: Json) => boolean;

/**
 * The merged items in their final order: those that the patch names in the patch's order, the others where the server had them;
 * an item that the server does not know, or not before the next one of the patch, comes after.
 */
export function inServerOrder(merged: readonly Json[], patchOrder: readonly Json[], serverOrder: readonly Json[], same: SameItem): Json[] {
  const place = (order: readonly Json[], item: Json) => order.findIndex((one) => same(one, item));
  const named = merged.filter((item) => place(patchOrder, item) >= 0).toSorted((a, b) => place(patchOrder, a) - place(patchOrder, b));
  const others = merged.filter((item) => place(patchOrder, item) < 0).toSorted((a, b) => place(serverOrder, a) - place(serverOrder, b));
  const out: Json[] = [];
  for (const item of named) {
    const here = place(serverOrder, item);
    const behind = others.findIndex((other) => !isBefore(place(serverOrder, other), here));
    out.push(...others.splice(0, behind < 0 ? others.length : behind), item);
  }
  return [...out, ...others];
}

function isBefore(left: number, right: number): boolean {
  return left >= 0 && left < right;
}
