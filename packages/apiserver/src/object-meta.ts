import { randomBytes } from 'node:crypto';
import type { FieldError } from './field-error.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { objectsAt, textAt, textsAt } from './json-read.ts';
import type { NameRule, ResourceInfo } from './resource.ts';
import {
  forbidden,
  invalid,
  jsonEqual,
  label1035Problems,
  labelProblems,
  labelValueProblems,
  pathSegmentProblems,
  qualifiedNameProblems,
  required,
  subdomainProblems,
} from './schema/index.ts';

const ANNOTATION_BYTES = 256 * 1024;
const STANDARD_FINALIZERS = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

/** The finalizer that makes the garbage collector free dependents before the owner goes. */
export const ORPHAN = 'orphan';

/** The finalizer that makes the garbage collector delete dependents before the owner goes. */
export const FOREGROUND = 'foregroundDeletion';

/** `metadata`, made where it is missing. */
export function metadataOf(object: JsonObject): JsonObject {
  const metadata = object['metadata'];
  if (isObject(metadata)) return metadata;
  const made: JsonObject = {};
  object['metadata'] = made;
  return made;
}

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';
const BASE_LENGTH = 58;

/** A name made of a generateName base: cut to fit, with a random end that spells no word. */
export function generatedName(base: string): string {
  let name = base.slice(0, BASE_LENGTH);
  for (const byte of randomBytes(5)) name += SUFFIX[byte % SUFFIX.length];
  return name;
}

const NAME_RULES: Readonly<Record<NameRule, (name: string) => string[]>> = {
  'dns-subdomain': subdomainProblems,
  'dns-label': labelProblems,
  'dns-1035-label': label1035Problems,
  'path-segment': pathSegmentProblems,
};

/** Everything that is wrong with the metadata of a new object. */
export function metadataErrors(info: ResourceInfo, object: JsonObject): FieldError[] {
  const metadata = metadataOf(object);
  return [...nameErrors(info, metadata), ...shapeErrors(info, metadata)];
}

/** Everything that is wrong with changed metadata. Built-in kinds say the same more than once, as Kubernetes does. */
export function metadataUpdateErrors(info: ResourceInfo, object: JsonObject, old: JsonObject): FieldError[] {
  const metadata = metadataOf(object);
  const shape = shapeErrors(info, metadata);
  const changes = changeErrors(metadata, metadataOf(old));
  const extension = info.custom || info.group === 'apiextensions.k8s.io';
  return extension ? [...shape, ...shape, ...shape, ...changes] : [...shape, ...shape, ...shape, ...shape, ...changes, ...changes];
}

function changeErrors(metadata: JsonObject, before: JsonObject): FieldError[] {
  const errors = finalizerAdditions(metadata, before);
  for (const field of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds']) {
    if (!jsonEqual(metadata[field], before[field])) {
      errors.push(invalid(`metadata.${field}`, metadata[field] ?? null, 'field is immutable'));
    }
  }
  return errors;
}

function nameErrors(info: ResourceInfo, metadata: JsonObject): FieldError[] {
  const problems = NAME_RULES[info.nameRule ?? 'dns-subdomain'];
  const errors: FieldError[] = [];
  const base = textAt(metadata, 'generateName');
  const name = textAt(metadata, 'name');
  if (base !== '') {
    // A base may end as a name must not, because the suffix follows.
    for (const problem of problems(base.replace(/-+$/, '') || base)) errors.push(invalid('metadata.generateName', base, problem));
  }
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'));
  else for (const problem of problems(name)) errors.push(invalid('metadata.name', name, problem));
  return errors;
}

function shapeErrors(info: ResourceInfo, metadata: JsonObject): FieldError[] {
  return [
    ...generationErrors(metadata),
    ...labelErrors(metadata['labels']),
    ...annotationErrors(metadata['annotations']),
    ...ownerErrors(metadata),
    ...finalizerErrors(info, textsAt(metadata, 'finalizers')),
  ];
}

function generationErrors(metadata: JsonObject): FieldError[] {
  const generation = metadata['generation'];
  if (typeof generation !== 'number' || generation >= 0) return [];
  return [invalid('metadata.generation', generation, 'must be greater than or equal to 0')];
}

function labelErrors(labels: Json | undefined): FieldError[] {
  if (!isObject(labels)) return [];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const problem of qualifiedNameProblems(key, 'a valid label key')) errors.push(invalid('metadata.labels', key, problem));
    if (typeof value !== 'string') continue;
    for (const problem of labelValueProblems(value)) errors.push(invalid('metadata.labels', value, problem));
  }
  return errors;
}

function annotationErrors(annotations: Json | undefined): FieldError[] {
  if (!isObject(annotations)) return [];
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const problem of qualifiedNameProblems(key.toLowerCase(), 'a valid label key'))
      errors.push(invalid('metadata.annotations', key, problem));
    size += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  if (size > ANNOTATION_BYTES) {
    errors.push({
      type: 'FieldValueTooLong',
      field: 'metadata.annotations',
      message: `Too long: may not be more than ${ANNOTATION_BYTES} bytes`,
    });
  }
  return errors;
}

const OWNER = 'metadata.ownerReferences';

function ownerErrors(metadata: JsonObject): FieldError[] {
  const owners = objectsAt(metadata, 'ownerReferences');
  const errors = owners.flatMap(oneOwnerErrors);
  if (owners.filter((owner) => owner['controller'] === true).length > 1) {
    const kinds = owners
      .filter((owner) => owner['controller'] === true)
      .map((owner) => `${textAt(owner, 'kind')}/${textAt(owner, 'name')}`);
    errors.push(
      invalidOwner(
        owners.map(inFieldOrder),
        `Only one reference can have Controller set to true. Found "true" in references for ${kinds.join(' and ')}`,
      ),
    );
  }
  return errors;
}

const OWNER_FIELDS = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'];

function inFieldOrder(owner: JsonObject): JsonObject {
  return Object.fromEntries(OWNER_FIELDS.filter((field) => owner[field] !== undefined).map((field) => [field, owner[field]]));
}

function invalidOwner(value: Json, why: string): FieldError {
  return { type: 'FieldValueInvalid', field: OWNER, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

function oneOwnerErrors(owner: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const apiVersion = textAt(owner, 'apiVersion');
  const valid = apiVersion !== '' && apiVersion.split('/').length <= 2;
  if (!valid) errors.push(invalid(`${OWNER}.apiVersion`, apiVersion, 'version must not be empty'));
  for (const field of ['kind', 'name', 'uid']) {
    if (textAt(owner, field) === '') errors.push(invalid(`${OWNER}.${field}`, '', 'must not be empty'));
  }
  if (apiVersion === 'v1' && owner['kind'] === 'Event')
    errors.push(invalidOwner(inFieldOrder(owner), '/v1, Kind=Event is disallowed from being an owner'));
  return errors;
}

function finalizerErrors(info: ResourceInfo, finalizers: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  // Extensions may name theirs freely, and are warned.
  const free = info.custom || info.group === 'apiextensions.k8s.io';
  finalizers.forEach((finalizer, index) => {
    for (const problem of qualifiedNameProblems(finalizer)) errors.push(invalid('metadata.finalizers', finalizer, problem));
    if (!free && !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      errors.push(
        invalid(`metadata.finalizers[${index}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
    }
  });
  if (finalizers.includes(ORPHAN) && finalizers.includes(FOREGROUND)) {
    errors.push(invalid('metadata.finalizers', [...finalizers], `finalizer ${ORPHAN} and ${FOREGROUND} cannot be both set`));
  }
  return errors;
}

function finalizerAdditions(metadata: JsonObject, before: JsonObject): FieldError[] {
  if (before['deletionTimestamp'] === undefined) return [];
  const known = new Set(textsAt(before, 'finalizers'));
  const added = textsAt(metadata, 'finalizers').filter((one) => !known.has(one));
  if (added.length === 0) return [];
  const list = added.map((one) => JSON.stringify(one)).join(', ');
  return [
    forbidden(
      'metadata.finalizers',
      `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
    ),
  ];
}

/** Drops owner references that are given twice; the text of the warning, if there were any. */
export function dropDuplicateOwners(metadata: JsonObject): string | undefined {
  const owners = metadata['ownerReferences'];
  if (!Array.isArray(owners) || owners.length < 2) return undefined;
  const kept: Json[] = [];
  const twice = new Set<string>();
  for (const owner of owners) {
    if (kept.some((one) => jsonEqual(one, owner))) twice.add(textAt(owner, 'uid'));
    else kept.push(owner);
  }
  if (twice.size === 0) return undefined;
  metadata['ownerReferences'] = kept;
  return `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...twice].join(', ')}`;
}
