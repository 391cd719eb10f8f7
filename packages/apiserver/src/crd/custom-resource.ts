import { LabError } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import { goKind } from '../codec/body.ts';
import { readJsonPath } from '../codec/json-path.ts';
import { compareVersions } from '../discovery/groups.ts';
import type { FieldError } from '../field-error.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt, textsAt, valueAt } from '../json-read.ts';
import { Decoder } from '../kinds/decode.ts';
import { describedField } from '../kinds/descriptions.ts';
import type { Column, ResourceInfo, Schema, Subresource, WriteContext } from '../resource.ts';
import { type CompiledSchema, compileSchema, invalid } from '../schema/index.ts';
import { forbidden } from '../status-error.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const PART: Subresource = { verbs: ['get', 'patch', 'update'] };
const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The resources that a CustomResourceDefinition makes: one for each version that it serves. */
export function customResources(crd: JsonObject, servedSince: number): ResourceInfo[] {
  const versions = objectsAt(crd, 'spec', 'versions');
  const storage = versions.find((one) => one['storage'] === true);
  const storageVersion = textAt(storage, 'name');
  return versions
    .filter((one) => one['served'] === true)
    .map((version) => ({ ...customResource(crd, version, storageVersion), servedSince }));
}

function customResource(crd: JsonObject, version: JsonObject, storageVersion: string): ResourceInfo {
  const group = textAt(crd, 'spec', 'group');
  // Names that lost a conflict are not served.
  const names = objectAt(crd, 'status', 'acceptedNames') ?? {};
  const kind = textAt(names, 'kind');
  const plural = textAt(names, 'plural');
  const name = textAt(version, 'name');
  const schema: Schema = objectAt(version, 'schema', 'openAPIV3Schema') ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const life = new CustomLifecycle({ crd, version, schema, kind });
  const deprecation = deprecationOf(version, { group, kind, versions: objectsAt(crd, 'spec', 'versions') });
  return {
    group,
    version: name,
    kind,
    listKind: textAt(names, 'listKind'),
    plural,
    singular: textAt(names, 'singular'),
    shortNames: textsAt(names, 'shortNames'),
    categories: textsAt(names, 'categories'),
    namespaced: textAt(crd, 'spec', 'scope') === 'Namespaced',
    storage: { group, plural },
    storageVersion,
    verbs: VERBS,
    subresources: subresourcesOf(version),
    custom: true,
    schema,
    generation: 'all-but-metadata',
    unconditionalUpdate: false,
    createOnUpdate: false,
    deleteReturnsObject: false,
    defaultPropagation: 'Background',
    fieldSelectors: selectorsOf(version),
    columns: columnsOf(version),
    ...(deprecation === undefined ? {} : { deprecation }),
    prune: (object, unknown, malformed, applied) => life.prune(object, unknown, malformed, applied),
    applyDefaults: (object) => life.compiled.applyDefaults(object),
    prepare: (object, old, context) => life.prepare(object, old, context),
    validate: (object, old, context) => life.validate(object, old, context),
    resetFields: (subresource) => life.resetFields(subresource),
  };
}

const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion'];
const PREFER_DOMAIN = 'prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers';

class CustomLifecycle {
  readonly #crd: JsonObject;
  readonly #version: JsonObject;
  readonly #schema: Schema;
  readonly #kind: string;
  #compiled: CompiledSchema | undefined;

  constructor({ crd, version, schema, kind }: { crd: JsonObject; version: JsonObject; schema: Schema; kind: string }) {
    this.#crd = crd;
    this.#version = version;
    this.#schema = schema;
    this.#kind = kind;
  }

  /** Compiled when first needed: many CRDs are installed and never used. */
  get compiled(): CompiledSchema {
    this.#compiled ??= compileSchema(this.#schema, { custom: true });
    return this.#compiled;
  }

  get #hasStatus(): boolean {
    return valueAt(this.#version, 'subresources', 'status') !== undefined;
  }

  prune(object: JsonObject, unknown: (path: string) => void, malformed?: (path: string, why: string) => void, applied?: boolean): void {
    const metadata = object['metadata'];
    if (metadata !== undefined && metadata !== null && !isObject(metadata))
      throw new LabError(
        'BadRequest',
        `${textAt(object, 'kind')} in version "${textAt(this.#version, 'name')}" cannot be handled as a ${this.#kind}: json: cannot unmarshal ${goKind(metadata)} into Go value of type v1.ObjectMeta`,
      );
    if (metadata !== undefined) {
      new Decoder(this.#kind, textAt(this.#version, 'name'), (path) => unknown(`metadata.${path}`)).object(
        metadataObject(object, metadata),
        OBJECT_META,
      );
      if (objectAt(object, 'metadata')?.['creationTimestamp'] === null) delete objectAt(object, 'metadata')?.['creationTimestamp'];
    }
    const embedded: string[] = [];
    // Embedded metadata is read last, so its complaints come last.
    this.compiled.prune(object, (path) => (path.includes('.metadata.') ? embedded.push(path) : unknown(path)), malformed, applied);
    for (const path of embedded) unknown(path);
  }

  prepare(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void {
    if (!old) {
      this.#refuseWhenTerminating(object);
      if (this.#hasStatus) delete object['status'];
    } else if (context.subresource === 'status') {
      keepAllButStatus(object, old);
    } else if (this.#hasStatus) {
      if (old['status'] === undefined) delete object['status'];
      else object['status'] = cloneJson(old['status']);
    }
  }

  #refuseWhenTerminating(object: JsonObject): void {
    if (textAt(this.#crd, 'metadata', 'deletionTimestamp') === '') return;
    const subject = { group: textAt(this.#crd, 'spec', 'group'), plural: textAt(this.#crd, 'spec', 'names', 'plural'), kind: this.#kind };
    throw forbidden(subject, textAt(object, 'metadata', 'name'), 'create not allowed while custom resource definition is terminating');
  }

  validate(object: JsonObject, old: JsonObject | undefined, context: WriteContext): readonly FieldError[] {
    const { found } = context;
    const rules = { warn: (text: string) => context.warn(text), ...(found === undefined ? {} : { found }) };
    if (found === undefined || found.length === 0) this.#warnOfFinalizers(object, old, context);
    if (context.subresource === 'status')
      return [...this.#scaleErrors(object, 'statusReplicasPath'), ...this.compiled.validate(object, old, { ...rules, part: 'status' })];
    const misnamed = this.#typeErrors(object);
    // What says it is something else is not judged by the schema.
    if (misnamed.length > 0) return [...misnamed, ...this.compiled.validate(object, old, { ...rules, part: '', found: misnamed })];
    return [...this.#scaleErrors(object, 'specReplicasPath'), ...this.compiled.validate(object, old, rules)];
  }

  #typeErrors(object: JsonObject): FieldError[] {
    const apiVersion = `${textAt(this.#crd, 'spec', 'group')}/${textAt(this.#version, 'name')}`;
    const expected = { kind: this.#kind, apiVersion };
    return Object.entries(expected).flatMap(([field, wanted]) => {
      const said = textAt(object, field);
      return said === wanted ? [] : [invalid(field, said, `must be ${wanted}`)];
    });
  }

  /** Names that others may choose too are told to who adds them. */
  #warnOfFinalizers(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void {
    const before = textsAt(old, 'metadata', 'finalizers');
    for (const one of textsAt(object, 'metadata', 'finalizers'))
      if (!one.includes('/') && !STANDARD_FINALIZERS.includes(one) && !before.includes(one))
        context.warn(`metadata.finalizers: ${JSON.stringify(one)}: ${PREFER_DOMAIN}`);
  }

  #scaleErrors(object: JsonObject, of: 'specReplicasPath' | 'statusReplicasPath'): FieldError[] {
    const path = textAt(this.#version, 'subresources', 'scale', of);
    if (path === '') return [];
    const replicas = readJsonPath(object, path)[0];
    if (typeof replicas === 'string')
      return [invalid(path, 0, `${path} accessor error: ${replicas} is of the type string, expected int64`)];
    if (typeof replicas !== 'number' || replicas >= 0) return [];
    return [invalid(path, replicas, 'should be a non-negative integer')];
  }

  resetFields(subresource: string): readonly (readonly string[])[] {
    if (!this.#hasStatus) return [];
    if (subresource === '') return [['f:status']];
    const others = Object.keys(objectAt(this.#schema, 'properties') ?? {}).filter(
      (one) => !['apiVersion', 'kind', 'metadata', 'status'].includes(one),
    );
    return subresource === 'status' ? [['f:metadata'], ...[...new Set(['spec', ...others])].map((one) => [`f:${one}`])] : [];
  }
}

function metadataObject(object: JsonObject, metadata: Json): JsonObject {
  if (isObject(metadata)) return metadata;
  const made: JsonObject = {};
  object['metadata'] = made;
  return made;
}

/** Through `/status` nothing but the status is written; who manages it is noted in the metadata. */
function keepAllButStatus(object: JsonObject, old: JsonObject): void {
  const { status } = object;
  const managedFields = valueAt(object, 'metadata', 'managedFields');
  for (const key of Object.keys(object)) delete object[key];
  // Shared, not copied: nobody changes a part of an object after this, and who compares sees at once that it is the same.
  Object.assign(object, old);
  if (status === undefined) delete object['status'];
  else object['status'] = status;
  object['metadata'] = { ...objectAt(old, 'metadata'), ...(managedFields === undefined ? {} : { managedFields }) };
}

function subresourcesOf(version: JsonObject): Record<string, Subresource> {
  const subresources: Record<string, Subresource> = {};
  if (valueAt(version, 'subresources', 'status') !== undefined) subresources['status'] = PART;
  const scale = objectAt(version, 'subresources', 'scale');
  if (scale) {
    const selector = textAt(scale, 'labelSelectorPath');
    subresources['scale'] = {
      verbs: PART.verbs,
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      scale: {
        specReplicas: textAt(scale, 'specReplicasPath'),
        statusReplicas: textAt(scale, 'statusReplicasPath'),
        ...(selector === '' ? {} : { selector }),
      },
    };
  }
  return subresources;
}

function selectorsOf(version: JsonObject): Record<string, (object: JsonObject) => string> {
  const selectors: Record<string, (object: JsonObject) => string> = {};
  for (const field of objectsAt(version, 'selectableFields')) {
    const path = textAt(field, 'jsonPath');
    selectors[path.replace(/^\./, '')] = (object) => {
      const [value] = readJsonPath(object, path);
      return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    };
  }
  return selectors;
}

const NAME_COLUMN: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  get description() {
    return describedField(OBJECT_META, 'name');
  },
  path: '.metadata.name',
};
const AGE_COLUMN: Column = {
  name: 'Age',
  type: 'date',
  get description() {
    return describedField(OBJECT_META, 'creationTimestamp');
  },
  path: '.metadata.creationTimestamp',
};

function columnsOf(version: JsonObject): Column[] {
  const own = objectsAt(version, 'additionalPrinterColumns');
  return [NAME_COLUMN, ...(own.length === 0 ? [AGE_COLUMN] : own.map(columnOf))];
}

const TYPES = ['string', 'integer', 'number', 'boolean', 'date'] as const;

function columnOf(column: JsonObject): Column {
  const type = TYPES.find((one) => one === column['type']) ?? 'string';
  const priority = column['priority'];
  const format = textAt(column, 'format');
  const description = textAt(column, 'description');
  return {
    name: textAt(column, 'name'),
    type,
    path: textAt(column, 'jsonPath'),
    ...(format === '' ? {} : { format }),
    description: description === '' ? `Custom resource definition column (in JSONPath format): ${textAt(column, 'jsonPath')}` : description,
    ...(typeof priority === 'number' ? { priority } : {}),
  };
}

function deprecationOf(
  version: JsonObject,
  { group, kind, versions }: { group: string; kind: string; versions: readonly JsonObject[] },
): string | undefined {
  if (version['deprecated'] !== true) return undefined;
  const own = textAt(version, 'deprecationWarning');
  if (own !== '') return own;
  const [newest] = versions
    .filter((one) => one['served'] === true && one['deprecated'] !== true)
    .map((one) => textAt(one, 'name'))
    .filter((name) => compareVersions(name, textAt(version, 'name')) < 0)
    .toSorted(compareVersions);
  const advice = newest === undefined ? '' : `; use ${group}/${newest} ${kind}`;
  return `${group}/${textAt(version, 'name')} ${kind} is deprecated${advice}`;
}
