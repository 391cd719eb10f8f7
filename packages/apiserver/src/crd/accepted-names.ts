import type { JsonObject } from '../json.ts';
import { objectAt, textAt, textsAt } from '../json-read.ts';
import type { Condition } from './conditions.ts';

/** Names in use by the other CRDs of a group. */
export interface UsedNames {
  /** Plurals, singulars and short names share one space. */
  readonly resources: ReadonlySet<string>;
  /** Kinds and list kinds share another. */
  readonly kinds: ReadonlySet<string>;
}

/** The names that the accepted part of other CRDs holds. */
export function usedNames(others: readonly JsonObject[]): UsedNames {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const crd of others) {
    const names = objectAt(crd, 'status', 'acceptedNames') ?? {};
    for (const name of [textAt(names, 'plural'), textAt(names, 'singular'), ...textsAt(names, 'shortNames')])
      if (name !== '') resources.add(name);
    for (const kind of [textAt(names, 'kind'), textAt(names, 'listKind')]) if (kind !== '') kinds.add(kind);
  }
  return { resources, kinds };
}

/** Which of a CRD's names it gets, and the condition that says so. A name once accepted is kept until a new one is free. */
export function acceptNames(crd: JsonObject, used: UsedNames): { names: JsonObject; condition: Condition } {
  const wanted = objectAt(crd, 'spec', 'names') ?? {};
  const held = objectAt(crd, 'status', 'acceptedNames') ?? {};
  const names: JsonObject = { plural: '', kind: '', ...held };
  let conflict: { reason: string; message: string } | undefined;
  const take = (field: string, reason: string, taken: ReadonlySet<string>) => {
    const value = textAt(wanted, field);
    if (value !== '' && value !== textAt(held, field) && taken.has(value)) conflict = { reason, message: inUse([value]) };
    else if (value === '') delete names[field];
    else names[field] = value;
  };
  take('plural', 'PluralConflict', used.resources);
  take('singular', 'SingularConflict', used.resources);
  const shortNames = textsAt(wanted, 'shortNames');
  const clashing = shortNames.filter((one) => used.resources.has(one) && !textsAt(held, 'shortNames').includes(one));
  if (clashing.length > 0) conflict = { reason: 'ShortNamesConflict', message: inUse(clashing) };
  else if (shortNames.length > 0) names['shortNames'] = shortNames;
  else delete names['shortNames'];
  take('kind', 'KindConflict', used.kinds);
  take('listKind', 'ListKindConflict', used.kinds);
  const categories = textsAt(wanted, 'categories');
  if (categories.length > 0) names['categories'] = categories;
  else delete names['categories'];
  return { names, condition: namesCondition(conflict) };
}

function inUse(values: readonly string[]): string {
  const texts = values.map((one) => `${JSON.stringify(one)} is already in use`);
  return texts.length > 1 ? `[${texts.join(', ')}]` : texts.join();
}

function namesCondition(conflict: { reason: string; message: string } | undefined): Condition {
  if (conflict) return { type: 'NamesAccepted', status: 'False', ...conflict };
  return { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
}
