import { rfc3339 } from '@crownlabs/std';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import { atOnce, inTurns } from '../turn.ts';
import { type Comparison, compareTyped, ignoring } from './compare-typed.ts';
import { decodeManagers, identityOf, type Managers, writeManagers } from './managers.ts';
import { takeFrom, UNOWNED } from './ownership.ts';
import { resetSet, typesOf } from './resource-types.ts';
import { scaledPart } from './scale-config.ts';

/** A write that is not an apply. */
export interface TrackedUpdate {
  /** Absent at create. */
  readonly before: JsonObject | undefined;
  /** Its `metadata.managedFields` is rewritten. */
  readonly after: JsonObject;
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly now: number;
  readonly resource: ResourceInfo;
}

/** Notes in `after` who owns its fields now: the writer gets what changed, everybody else loses it. */
export function trackUpdate(update: TrackedUpdate): void {
  atOnce(stepsOf(update));
}

/** The same in short turns. */
export function trackUpdateInTurns(update: TrackedUpdate): void | Promise<void> {
  return inTurns(stepsOf(update));
}

function* stepsOf(update: TrackedUpdate): Generator<void, void> {
  const { before, after } = update;
  const managers = managersAtWrite(before, after, update.subresource);
  // An object that was stored without owners stays without, until somebody applies.
  if (before && managers.size === 0) {
    const metadata = after['metadata'];
    if (isObject(metadata)) delete metadata['managedFields'];
    return;
  }
  yield;
  const changed = changesOf(update);
  yield;
  const left = updatedManagers(managers, changed, update);
  yield;
  writeManagers(after, left);
}

/** What a plain write changed, as far as anybody can own it. */
export function changesOf({ before, after, resource, subresource }: TrackedUpdate): Comparison {
  const { types, root, zero } = typesOf(resource);
  if (subresource === 'scale') return compareTyped(types, scaledPart(before, resource), scaledPart(after, resource), root);
  return ignoring(compareTyped(types, before ?? zero, after, root), resetSet(resource, subresource));
}

/** The managers after a plain write that changed so much. */
export function updatedManagers(managers: Managers, changed: Comparison, update: TrackedUpdate): Managers {
  const identity = { name: update.manager, operation: 'Update', apiVersion: update.apiVersion, subresource: update.subresource } as const;
  const self = identityOf(identity);
  const { left } = takeFrom(managers, self, changed);
  const owned = left.get(self);
  const grown = (owned ? owned.fields.union(changed.modified) : changed.modified).union(changed.added);
  const fields = grown.difference(changed.removed).difference(UNOWNED).without(resetSet(update.resource, update.subresource));
  if (fields.isEmpty) left.delete(self);
  else left.set(self, { ...identity, fields, time: owned?.fields.equals(fields) ? owned.time : timeOf(update) });
  return left;
}

/** Those who scale are noted without a time, as Kubernetes does. */
export function timeOf({ subresource, now }: Pick<TrackedUpdate, 'subresource' | 'now'>): string | undefined {
  return subresource === 'scale' ? undefined : rfc3339(now);
}

/** Callers may rewrite managedFields at the main endpoint, and reset them with an empty list; what cannot be read is ignored. */
function managersAtWrite(before: JsonObject | undefined, after: JsonObject, subresource: string): Managers {
  const live = () => decodeManagers(managedFieldsOf(before)) ?? new Map();
  if (subresource !== '') return live();
  const given = managedFieldsOf(after);
  if (isReset(given)) return new Map();
  const decoded = decodeManagers(given);
  return decoded && decoded.size > 0 ? decoded : live();
}

function isReset(given: Json | undefined): boolean {
  if (!Array.isArray(given)) return false;
  return given.length === 0 || (given.length === 1 && isObject(given[0]) && Object.keys(given[0]).length === 0);
}

/** `metadata.managedFields`. */
export function managedFieldsOf(object: JsonObject | undefined): Json | undefined {
  const metadata = object?.['metadata'];
  return isObject(metadata) ? metadata['managedFields'] : undefined;
}
