import type { AdmissionCall, AdmissionPlugin } from '../call.ts';
import type { JsonObject } from '../json.ts';
import { ensureObject, mapAt, objectAt, objectsAt, textAt } from '../json-read.ts';
import type { ObjectReader } from '../object-reader.ts';
import { forbidden } from '../status-error.ts';
import { type Amounts, brokenLimits, type LimitItem, largestAmounts, sumAmounts } from './limit-check.ts';
import { createsPod } from './pod-defaults.ts';

const ANNOTATION = 'kubernetes.io/limit-ranger';

/** Gives containers the limits that their namespace sets for who sets none, and refuses what is beyond its bounds. */
export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  const limits = (namespace: string): LimitItem[] =>
    reader.list({ group: '', plural: 'limitranges' }, namespace).flatMap((range) => objectsAt(range, 'spec', 'limits').map(readItem));
  return {
    name: 'LimitRanger',
    handles: (call) => createsPod(call) || writesClaim(call),
    mutate: (call) => {
      if (call.object && createsPod(call)) applyDefaults(call.object, limits(call.namespace));
    },
    validate: (call) => {
      if (!call.object) return;
      const items = limits(call.namespace);
      if (items.length === 0) return;
      const errors = createsPod(call) ? podErrors(call.object, items) : claimErrors(call.object, items);
      if (errors.length > 0) throw forbidden(call.resource, call.name, said(errors));
    },
  };
}

function writesClaim({ resource, operation, subresource }: AdmissionCall): boolean {
  const writes = operation === 'CREATE' || operation === 'UPDATE';
  return writes && subresource === '' && resource.group === '' && resource.plural === 'persistentvolumeclaims';
}

function readItem(item: JsonObject): LimitItem {
  return {
    type: textAt(item, 'type'),
    min: mapAt(item, 'min'),
    max: mapAt(item, 'max'),
    ratio: mapAt(item, 'maxLimitRequestRatio'),
    defaults: mapAt(item, 'default'),
    defaultRequest: mapAt(item, 'defaultRequest'),
  };
}

function applyDefaults(pod: JsonObject, items: readonly LimitItem[]): void {
  if (items.length === 0) return;
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const item of items.filter(({ type }) => type === 'Container')) {
    Object.assign(limits, item.defaults);
    Object.assign(requests, item.defaultRequest);
  }
  const notes: string[] = [];
  for (const [field, noun] of [
    ['containers', 'container'],
    ['initContainers', 'init container'],
  ] as const) {
    for (const container of objectsAt(pod, 'spec', field)) {
      const where = `for ${noun} ${textAt(container, 'name')}`;
      const requested = fill(container, 'requests', requests);
      if (requested.length > 0) notes.push(`${requested.join(', ')} request ${where}`);
      const limited = fill(container, 'limits', limits);
      if (limited.length > 0) notes.push(`${limited.join(', ')} limit ${where}`);
    }
  }
  if (notes.length > 0) ensureObject(pod, 'metadata', 'annotations')[ANNOTATION] = `LimitRanger plugin set: ${notes.join('; ')}`;
}

/** Adds what is missing; the names of what was added, sorted. */
function fill(container: JsonObject, field: 'requests' | 'limits', defaults: Readonly<Record<string, string>>): string[] {
  const present = objectAt(container, 'resources', field) ?? {};
  const missing = Object.keys(defaults).filter((name) => present[name] === undefined);
  for (const name of missing) ensureObject(container, 'resources', field)[name] = defaults[name];
  return missing.toSorted();
}

/** The same is said once. */
function said(errors: readonly string[]): string {
  const all = [...new Set(errors)];
  return all.length === 1 ? (all[0] ?? '') : `[${all.join(', ')}]`;
}

function podErrors(pod: JsonObject, items: readonly LimitItem[]): string[] {
  const containers = [...objectsAt(pod, 'spec', 'containers'), ...objectsAt(pod, 'spec', 'initContainers')].map(amountsOf);
  // Containers that come first run one at a time, so that the largest of them counts.
  const whole = largestAmounts(
    sumAmounts(objectsAt(pod, 'spec', 'containers').map(amountsOf)),
    objectsAt(pod, 'spec', 'initContainers').map(amountsOf),
  );
  return items.flatMap((item) => {
    if (item.type === 'Container') return containers.flatMap((amounts) => brokenLimits(item, amounts));
    return item.type === 'Pod' ? brokenLimits(item, whole) : [];
  });
}

function amountsOf(container: JsonObject): Amounts {
  return { requests: mapAt(container, 'resources', 'requests'), limits: mapAt(container, 'resources', 'limits') };
}

function claimErrors(claim: JsonObject, items: readonly LimitItem[]): string[] {
  const requests = mapAt(claim, 'spec', 'resources', 'requests');
  // A claim has no limits: its request is held against both bounds.
  return items
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => brokenLimits(item, { requests, limits: undefined }));
}
