import { isObject } from '../json.ts';
import { objectAt } from '../json-read.ts';
import type { StoredKind } from '../object-reader.ts';
import { formatQuantity, type Quantity } from '../schema/index.ts';
import { readAmounts, total } from './pod-amounts.ts';
import { inScope } from './quota-scopes.ts';
import { quotaKind, quotaUsage } from './quota-usage.ts';

const ZERO: Quantity = { units: 0n, format: 'DecimalSI' };

/** The kinds whose objects a ResourceQuota counts. */
export function quotaKinds(quota: object): StoredKind[] {
  if (!isObject(quota)) return [];
  const kinds = Object.keys(objectAt(quota, 'spec', 'hard') ?? {}).flatMap((name) => quotaKind(name) ?? []);
  return [...new Map(kinds.map((kind) => [placeOf(kind), kind])).values()];
}

/**
 * What `quota` says is used, as its status writes it, given the objects of each kind that it counts; of a kind that nobody counts
 * (`undefined`: it is not served, say) it says nothing.
 */
export function quotaUsed(quota: object, objectsOf: (kind: StoredKind) => readonly object[] | undefined): Record<string, string> {
  if (!isObject(quota)) return {};
  const known = quotaKinds(quota).flatMap((kind) => ({ kind, objects: objectsOf(kind) }));
  const used = total(
    known.flatMap(({ kind, objects = [] }) => {
      const counted = objects.filter(isObject).filter((object) => inScope(quota, kind, object));
      return counted.map((object) => quotaUsage(kind, object));
    }),
  );
  const uncounted = new Set(known.filter(({ objects }) => objects === undefined).map(({ kind }) => placeOf(kind)));
  const isCounted = (name: string) => {
    const kind = quotaKind(name);
    return kind !== undefined && !uncounted.has(placeOf(kind));
  };
  const names = [...readAmounts(objectAt(quota, 'spec', 'hard')).keys()].filter(isCounted);
  return Object.fromEntries(names.map((name) => [name, formatQuantity(used.get(name) ?? ZERO)]));
}

function placeOf({ group, plural }: StoredKind): string {
  return `${plural}.${group}`;
}
