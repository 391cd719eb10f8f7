import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { mapAt, objectAt, textAt, textsAt } from '../../json-read.ts';
import { compareQuantities, formatQuantity, jsonEqual, notSupported, Printed, quantityOf, subdomainProblems } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { fractions } from '../pod/fraction-warnings.ts';
import type { Strategy } from '../strategy.ts';
import { checkSelector } from '../workload/selector-check.ts';
import { ACCESS_MODES, accessModesText } from './access-modes.ts';
import { checkSources, sameSource } from './volume-source.ts';

const CHANGED = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** The storage class of a claim or volume; older objects name it in an annotation. */
export function storageClassOf(object: JsonObject): string {
  return mapAt(object, 'metadata', 'annotations')['volume.beta.kubernetes.io/storage-class'] ?? textAt(object, 'spec', 'storageClassName');
}

function validateStatus(claim: JsonObject): FieldError[] {
  const check = new FieldCheck();
  for (const [name, value] of Object.entries(objectAt(claim, 'status', 'capacity') ?? {})) {
    const amount = quantityOf(value);
    if (amount && amount.units < 0n)
      check.invalid(`status.capacity[${name}]`, new Printed(formatQuantity(amount)), 'must be a valid resource quantity');
  }
  for (const [name, value] of Object.entries(mapAt(claim, 'status', 'allocatedResourceStatuses')))
    if (!RESIZING.includes(value)) check.add(notSupported('status.allocatedResourceStatuses', name, RESIZING));
  return check.errors;
}

const RESIZING = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

function validate(claim: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkClaimSpec(objectAt(claim, 'spec'), 'spec', check);
  return check.errors;
}

/** What a claim asks for. */
export function checkClaimSpec(spec: JsonObject | undefined, at: string, check: FieldCheck): void {
  const modes = textsAt(spec, 'accessModes');
  if (check.required(`${at}.accessModes`, modes, 'at least 1 access mode is required')) {
    for (const mode of modes) check.oneOf(`${at}.accessModes`, mode, ACCESS_MODES);
    if (modes.includes('ReadWriteOncePod') && modes.length > 1) {
      check.forbidden(`${at}.accessModes`, 'may not use ReadWriteOncePod with other access modes');
    }
  }
  const storage = objectAt(spec, 'resources', 'requests')?.['storage'];
  const size = quantityOf(storage);
  if (!size) check.required(`${at}.resources[storage]`, undefined);
  else if (size.units <= 0n) check.invalid(`${at}.resources[storage]`, storage, 'must be greater than zero');
  const storageClass = textAt(spec, 'storageClassName');
  if (storageClass !== '') check.named(`${at}.storageClassName`, storageClass, subdomainProblems);
  const attributes = textAt(spec, 'volumeAttributesClassName');
  if (attributes !== '') check.named(`${at}.volumeAttributesClassName`, attributes, subdomainProblems);
  checkSources(spec ?? {}, check, at);
  check.oneOf(`${at}.volumeMode`, spec?.['volumeMode'], ['Block', 'Filesystem']);
  checkSelector(objectAt(spec, 'selector'), `${at}.selector`, check);
}

function withoutMutables(claim: JsonObject, old: JsonObject): JsonObject {
  const spec = structuredClone(objectAt(claim, 'spec') ?? {});
  const before = objectAt(old, 'spec') ?? {};
  // Binding fills in the volume, defaulting the class of claims that were made before there was one.
  if (before['volumeName'] === undefined) delete spec['volumeName'];
  if (before['storageClassName'] === undefined) delete spec['storageClassName'];
  delete spec['volumeAttributesClassName'];
  if (textAt(old, 'status', 'phase') === 'Bound') delete objectAt(spec, 'resources')?.['requests'];
  return spec;
}

function validateUpdate(claim: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  if (!jsonEqual(withoutMutables(claim, old), withoutMutables(old, old))) check.forbidden('spec', CHANGED);
  const size = requested(claim);
  const before = requested(old);
  const had = quantityOf(objectAt(old, 'status', 'capacity')?.['storage']);
  // A claim may have got more than it asked for; only one that asks for less than before is told so.
  const shrinks = size !== undefined && before !== undefined && compareQuantities(size, before) < 0;
  if (shrinks && had && compareQuantities(size, had) <= 0) {
    check.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity');
  }
  return check.errors;
}

function requested(claim: JsonObject) {
  return quantityOf(objectAt(claim, 'spec', 'resources', 'requests')?.['storage']);
}

const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** PersistentVolumeClaims. */
export const volumeClaim: Strategy = {
  defaults: (claim) => fill(part(claim, 'spec'), { volumeMode: 'Filesystem' }),
  initialStatus: () => ({ phase: 'Pending' }),
  prepare(object, old) {
    if (!old) sameSource(part(object, 'spec'));
  },
  warnings: (object) => [
    ...(mapAt(object, 'metadata', 'annotations')[OLD_CLASS] === undefined
      ? []
      : [`metadata.annotations[${OLD_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
    ...fractions(objectAt(object, 'spec', 'resources', 'requests'), 'spec.resources.requests', ['storage']),
  ],
  validateStatus,
  validate,
  validateUpdate,
  columns: [
    NAME,
    textColumn('Status', (object) =>
      textAt(object, 'metadata', 'deletionTimestamp') === '' ? textAt(object, 'status', 'phase') : 'Terminating',
    ),
    textColumn('Volume', (object) => textAt(object, 'spec', 'volumeName')),
    textColumn('Capacity', (object) =>
      textAt(object, 'spec', 'volumeName') === '' ? '' : textAt(object, 'status', 'capacity', 'storage'),
    ),
    textColumn('Access Modes', (object) =>
      textAt(object, 'spec', 'volumeName') === '' ? '' : accessModesText(textsAt(object, 'status', 'accessModes')),
    ),
    textColumn('StorageClass', storageClassOf),
    textColumn('VolumeAttributesClass', (object) => textAt(object, 'spec', 'volumeAttributesClassName') || '<unset>'),
    AGE_TEXT,
    textColumn('VolumeMode', (object) => textAt(object, 'spec', 'volumeMode') || '<unset>', 1),
  ],
};
