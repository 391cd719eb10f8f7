import type { FieldError } from '../../field-error.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { invalid, required } from '../field-message.ts';
import { jsonEqual } from '../json-equal.ts';
import { label1035Problems } from '../names.ts';
import { texts } from '../schema-node.ts';
import { approvalErrors, choiceErrors, conversionErrors, groupErrors, nameErrors, storedVersionErrors } from './definition-errors.ts';
import { schemaErrors } from './schema-errors.ts';
import { columnErrors, deprecationErrors, objects, selectableErrors, subresourceErrors } from './version-errors.ts';

const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');
const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

function schemaOf(version: JsonObject): JsonObject | undefined {
  const schema = object(version['schema'])['openAPIV3Schema'];
  return isObject(schema) ? schema : undefined;
}

const hasStatus = (version: JsonObject) => isObject(object(version['subresources'])['status']);

/** A part that all versions have in common is told once, as a part of the definition itself. */
function shared(versions: readonly JsonObject[], part: (version: JsonObject) => Json | undefined): boolean {
  const [first = {}, ...others] = versions;
  return others.every((other) => jsonEqual(part(other), part(first)));
}

interface Version {
  readonly version: JsonObject;
  /** `spec.versions[0]`. */
  readonly path: string;
}

/** Runs `check` for each version, or once for all where they agree. */
function each(
  versions: readonly JsonObject[],
  part: (version: JsonObject) => Json | undefined,
  check: (at: Version) => FieldError[],
): FieldError[] {
  const [first] = versions;
  if (first !== undefined && shared(versions, part)) return check({ version: first, path: 'spec' });
  return versions.flatMap((version, index) => check({ version, path: `spec.versions[${index}]` }));
}

function oldSchema(name: string, old: JsonObject | undefined): JsonObject | undefined {
  const version = objects(object(old?.['spec'])['versions']).find((known) => text(known['name']) === name);
  return version === undefined ? undefined : schemaOf(version);
}

function versionSchemaErrors(versions: readonly JsonObject[], old: JsonObject | undefined): FieldError[] {
  const anyStatus = versions.some(hasStatus);
  return each(
    versions,
    (version) => version['schema'],
    ({ version, path }) => {
      const schema = schemaOf(version);
      // A schema that was accepted once is not judged again: rules here may have become stricter.
      if (schema === undefined || jsonEqual(schema, oldSchema(text(version['name']), old))) return [];
      const whole = path === 'spec';
      return schemaErrors(schema, `${path}.${whole ? 'validation' : 'schema'}.openAPIV3Schema`, whole ? anyStatus : hasStatus(version));
    },
  );
}

function missingSchemas(versions: readonly JsonObject[]): FieldError[] {
  return versions.flatMap((version, index) =>
    schemaOf(version) === undefined ? [required(`spec.versions[${index}].schema.openAPIV3Schema`)] : [],
  );
}

function versionErrors(versions: readonly JsonObject[], old: JsonObject | undefined): FieldError[] {
  const shown = versions.map((version) => ({ name: text(version['name']) }));
  const names = shown.map(({ name }) => name);
  const badName = (name: string, field: string) => {
    const problems = label1035Problems(name);
    return problems.length > 0 ? [invalid(field, name, problems.join(','))] : [];
  };
  return [
    ...missingSchemas(versions),
    ...names.flatMap((name, index) => badName(name, `spec.versions[${index}].name`)),
    ...(names[0] === undefined || names[0] === '' ? [] : badName(names[0], 'spec.version')),
    ...versions.flatMap((version, index) => deprecationErrors(version, `spec.versions[${index}]`)),
    ...(new Set(names).size < names.length ? [invalid('spec.versions', shown, 'must contain unique version names')] : []),
    ...(versions.filter((version) => version['storage'] === true).length === 1
      ? []
      : [invalid('spec.versions', shown, 'must have exactly one version marked as storage version')]),
    ...versionSchemaErrors(versions, old),
    ...each(
      versions,
      (version) => version['subresources'],
      ({ version, path }) => subresourceErrors(version['subresources'], `${path}.subresources`),
    ),
    ...each(
      versions,
      (version) => version['additionalPrinterColumns'],
      ({ version, path }) => columnErrors(version['additionalPrinterColumns'], `${path}.additionalPrinterColumns`),
    ),
    ...each(
      versions,
      (version) => [version['selectableFields'] ?? null, version['schema'] ?? null],
      ({ version, path }) => selectableErrors(version['selectableFields'], schemaOf(version), `${path}.selectableFields`),
    ),
  ];
}

function isEstablished(crd: JsonObject): boolean {
  return objects(object(crd['status'])['conditions']).some(
    (condition) => condition['type'] === 'Established' && condition['status'] === 'True',
  );
}

/** What may not change: the group and plural ever, what objects are stored under once there may be some. */
function immutableErrors(spec: JsonObject, old: JsonObject): FieldError[] {
  const before = object(old['spec']);
  const fixed = [['group'], ['names', 'plural'], ...(isEstablished(old) ? [['scope'], ['names', 'kind']] : [])];
  const read = (from: JsonObject, path: readonly string[]) => path.reduce<Json | undefined>((value, key) => object(value)[key], from);
  return fixed.flatMap((path) =>
    jsonEqual(read(spec, path), read(before, path)) ? [] : [invalid(`spec.${path.join('.')}`, read(spec, path), 'field is immutable')],
  );
}

function nameOfDefinition(crd: JsonObject, spec: JsonObject): FieldError[] {
  const name = text(object(crd['metadata'])['name']);
  const wanted = `${text(object(spec['names'])['plural'])}.${text(spec['group'])}`;
  return name === wanted || name === '' ? [] : [invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')];
}

/** Whether neither versions nor their record changed: a wrong record must not keep a definition from being deleted. */
function recordUnchanged(crd: JsonObject, old: JsonObject | undefined): boolean {
  const record = (from: JsonObject): Json => [object(from['spec'])['versions'] ?? null, object(from['status'])['storedVersions'] ?? null];
  return old !== undefined && jsonEqual(record(crd), record(old));
}

function preserveErrors(spec: JsonObject, old: JsonObject | undefined): FieldError[] {
  if (spec['preserveUnknownFields'] !== true || object(old?.['spec'])['preserveUnknownFields'] === true) return [];
  const detail = 'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
  return [invalid('spec.preserveUnknownFields', true, detail)];
}

/**
 * Everything that is wrong with a CustomResourceDefinition, defaulted before, beyond its metadata as such; with `old`, also
 * what may not change. Not for writes of its status alone.
 */
export function checkCrd(crd: JsonObject, old?: JsonObject): FieldError[] {
  const spec = object(crd['spec']);
  const versions = objects(spec['versions']);
  return [
    ...(old === undefined ? nameOfDefinition(crd, spec) : immutableErrors(spec, old)),
    ...groupErrors(text(spec['group'])),
    ...choiceErrors(text(spec['scope']), 'spec.scope', ['Cluster', 'Namespaced']),
    ...nameErrors(object(spec['names'])),
    ...versionErrors(versions, old),
    ...conversionErrors(spec['conversion']),
    ...(recordUnchanged(crd, old) ? [] : storedVersionErrors(texts(object(crd['status'])['storedVersions']), versions)),
    ...approvalErrors(crd, old),
    ...preserveErrors(spec, old),
  ];
}
