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
  return [...new Map(kinds.map((kind) => [`${kind.plural}.${kind.group}`, kind])).values()];
}

/** What `quota` says is used, as its status writes it, given the objects of each kind that it counts. */
export function quotaUsed(quota: object, objectsOf: (kind: StoredKind) => readonly object[]): Record<string, string> {
  if (!isObject(quota)) return {};
  const used = total(
    quotaKinds(quota).flatMap((kind) => {
      const counted = objectsOf(kind)
        .filter(isObject)
        .filter((object) => inScope(quota, kind, object));
      return counted.map((object) => quotaUsage(kind, object));
    }),
  );
  const names = [...readAmounts(objectAt(quota, 'spec', 'hard')).keys()];
  return Object.fromEntries(names.map((name) => [name, formatQuantity(used.get(name) ?? ZERO)]));
}
