import type { FieldError } from '../field-error.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { canonicalJson, invalid, required } from './field-message.ts';
import { label1035Problems, labelValueProblems, pathSegmentProblems, qualifiedNameProblems } from './names.ts';
import type { SchemaNode } from './schema-node.ts';
import { holds } from './schema-search.ts';

type Kind = 'text' | 'number' | 'texts' | 'text-map' | 'objects';

const FIELDS: Readonly<Record<string, Kind>> = {
  name: 'text',
  generateName: 'text',
  namespace: 'text',
  selfLink: 'text',
  uid: 'text',
  resourceVersion: 'text',
  creationTimestamp: 'text',
  deletionTimestamp: 'text',
  generation: 'number',
  deletionGracePeriodSeconds: 'number',
  labels: 'text-map',
  annotations: 'text-map',
  finalizers: 'texts',
  ownerReferences: 'objects',
  managedFields: 'objects',
};

const isText = (value: Json | undefined) => typeof value === 'string';

const FITS: Readonly<Record<Kind, (value: Json) => boolean>> = {
  text: isText,
  number: (value) => typeof value === 'bigint' || Number.isInteger(value),
  texts: (value) => Array.isArray(value) && value.every(isText),
  objects: (value) => Array.isArray(value) && value.every(isObject),
  'text-map': (value) => isObject(value) && Object.values(value).every(isText),
};

/**
 * Brings the metadata of an embedded resource into the form of ObjectMeta, in place: unknown fields and nulls go.
 * Answers why it cannot be read, if so; then it is left as it is.
 */
export function coerceMetadata(resource: JsonObject, unknown: (name: string) => void): string | undefined {
  const metadata = resource['metadata'];
  if (metadata === undefined) return undefined;
  if (metadata === null) {
    delete resource['metadata'];
    return undefined;
  }
  if (!isObject(metadata)) return `Invalid value: ${canonicalJson(metadata)}: must be an object`;
  for (const [name, value] of Object.entries(metadata)) {
    const kind = FIELDS[name];
    if (kind === undefined) unknown(name);
    if (kind === undefined || value === null || value === undefined) delete metadata[name];
    else if (!FITS[kind](value)) return `json: cannot unmarshal ${canonicalJson(value)} into ObjectMeta.${name}`;
  }
  return undefined;
}

function nameErrors(metadata: JsonObject, path: string): FieldError[] {
  return ['generateName', 'name', 'namespace'].flatMap((field) => {
    const value = metadata[field];
    return typeof value === 'string' && value !== ''
      ? pathSegmentProblems(value).map((problem) => invalid(`${path}.${field}`, value, problem))
      : [];
  });
}

function labelErrors(labels: Json | undefined, path: string): FieldError[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameProblems(key, 'a valid label key').map((problem) => invalid(path, key, problem)),
    ...(typeof value === 'string' ? labelValueProblems(value).map((problem) => invalid(path, value, problem)) : []),
  ]);
}

function annotationErrors(annotations: Json | undefined, path: string): FieldError[] {
  if (!isObject(annotations)) return [];
  return Object.keys(annotations).flatMap((key) => qualifiedNameProblems(key.toLowerCase()).map((problem) => invalid(path, key, problem)));
}

function metadataErrors(metadata: Json | undefined, path: string): FieldError[] {
  if (!isObject(metadata)) return [];
  const finalizers = Array.isArray(metadata['finalizers']) ? metadata['finalizers'] : [];
  return [
    ...nameErrors(metadata, path),
    ...labelErrors(metadata['labels'], `${path}.labels`),
    ...annotationErrors(metadata['annotations'], `${path}.annotations`),
    ...finalizers.flatMap((name) =>
      typeof name === 'string' ? qualifiedNameProblems(name).map((p) => invalid(`${path}.finalizers`, name, p)) : [],
    ),
  ];
}

function textProblems(field: string, value: string): string[] {
  if (field === 'apiVersion') {
    const empty = value === '' ? ['must not be empty'] : [];
    return value.split('/').length > 2 ? [...empty, `unexpected GroupVersion string: ${value}`] : empty;
  }
  const problems = label1035Problems(value.toLowerCase());
  const mixed = problems.length > 0 ? [`may have mixed case, but should otherwise match: ${problems.join(',')}`] : [];
  return value === '' ? ['must not be empty', ...mixed] : mixed;
}

function resourceErrors(resource: JsonObject, path: string): FieldError[] {
  const errors = ['apiVersion', 'kind'].flatMap((field) => {
    const value = resource[field];
    const at = `${path}.${field}`;
    if (value === undefined) return [required(at)];
    if (typeof value !== 'string') return [invalid(at, value, 'must be a string')];
    return textProblems(field, value).map((problem) => invalid(at, value, problem));
  });
  return [...errors, ...metadataErrors(resource['metadata'], `${path}.metadata`)];
}

/** Finds the embedded resources of a value and says what is wrong with their apiVersion, kind and metadata. */
export class EmbeddedCheck {
  readonly #relevant = holds((node) => node.embedded);

  errors(value: Json | undefined, node: SchemaNode | undefined, path: string): FieldError[] {
    if (node === undefined || !this.#relevant(node)) return [];
    if (Array.isArray(value)) return value.flatMap((item, index) => this.errors(item, node.items, `${path}[${index}]`));
    if (!isObject(value)) return [];
    const own = node.embedded && path !== '' ? resourceErrors(value, path) : [];
    const inner = Object.entries(value).flatMap(([key, item]) => {
      const prefix = path === '' ? key : `${path}.${key}`;
      return this.errors(item, node.child(key), node.properties.has(key) ? prefix : `${path}[${key}]`);
    });
    return [...own, ...inner];
  }
}
