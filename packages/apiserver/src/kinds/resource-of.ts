import type { FieldError } from '../field-error.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { ResourceInfo, WriteContext } from '../resource.ts';
import type { KindRow } from './catalog.ts';
import { describedColumns } from './column-words.ts';
import { USUAL_COLUMNS } from './columns.ts';
import { Decoder } from './decode.ts';
import { builtInDefinitions, shape } from './shapes.ts';
import type { Strategy } from './strategy.ts';

const USUAL_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** A row of the catalogue and its strategy as the resource that the API serves. */
export function builtInResource(row: KindRow, strategy: Strategy): ResourceInfo {
  const life = new Lifecycle(row, strategy);
  return {
    ...identity(row),
    ...wireRules(row),
    custom: false,
    get schema() {
      return shape(row.definition)?.schema;
    },
    get definitions() {
      return builtInDefinitions();
    },
    fieldSelectors: strategy.fieldSelectors ?? {},
    columns: describedColumns(row.group, row.kind, strategy.columns ?? USUAL_COLUMNS),
    ...(strategy.convert === undefined ? {} : { convert: strategy.convert }),
    prune: (object, unknown) => life.decode(object, unknown),
    applyDefaults: (object) => strategy.defaults?.(object),
    prepare: (object, old, context) => life.prepare(object, old, context),
    validate: (object, old, context) => life.validate(object, old, context),
    resetFields: (subresource) => life.resetFields(subresource),
  };
}

function identity(row: KindRow) {
  const { group, version, kind, plural, storage } = row;
  return {
    group,
    version,
    kind,
    plural,
    definition: row.definition,
    listKind: `${kind}List`,
    singular: kind.toLowerCase(),
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    namespaced: row.cluster !== true,
    storage: { group: storage?.group ?? group, plural: storage?.plural ?? plural },
    storageVersion: storage?.version ?? version,
  };
}

function wireRules(row: KindRow) {
  return {
    verbs: row.verbs ?? USUAL_VERBS,
    subresources: row.subresources ?? {},
    generation: row.generation ?? ('none' as const),
    unconditionalUpdate: row.strictUpdate !== true,
    createOnUpdate: row.createOnUpdate === true,
    deleteReturnsObject: row.deleteReturnsObject === true,
    defaultPropagation: row.propagation ?? ('Background' as const),
    ...(row.nameRule === undefined ? {} : { nameRule: row.nameRule }),
    ...(row.deprecation === undefined ? {} : { deprecation: row.deprecation }),
  };
}

class Lifecycle {
  readonly #row: KindRow;
  readonly #strategy: Strategy;
  readonly #hasStatus: boolean;

  constructor(row: KindRow, strategy: Strategy) {
    this.#row = row;
    this.#strategy = strategy;
    this.#hasStatus = row.subresources?.['status'] !== undefined;
  }

  decode(object: JsonObject, unknown: (path: string) => void): void {
    new Decoder(this.#row.kind, this.#row.version, unknown).object(object, this.#row.definition);
  }

  prepare(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void {
    if (!old) this.#begin(object);
    else if (context.subresource === 'status') this.#onlyStatus(object, old);
    // A binding says of itself in the status that it was done.
    else if (this.#hasStatus && context.subresource !== 'binding') carry(object, old, 'status');
    this.#strategy.prepare?.(object, old, context);
  }

  #begin(object: JsonObject): void {
    if (this.#hasStatus) set(object, 'status', this.#strategy.initialStatus?.(object) ?? this.#zeroStatus());
  }

  #zeroStatus(): Json | undefined {
    const zero: JsonObject = {};
    this.decode(zero, () => undefined);
    return zero['status'];
  }

  /** `/status` takes the status and metadata; labels of workloads belong to the main endpoint. */
  #onlyStatus(object: JsonObject, old: JsonObject): void {
    for (const key of new Set([...Object.keys(object), ...Object.keys(old)])) {
      if (key !== 'status' && key !== 'metadata') carry(object, old, key);
    }
    const metadata = object['metadata'];
    const before = old['metadata'];
    if (this.#row.group === 'apps' && isObject(metadata) && isObject(before)) carry(metadata, before, 'labels');
  }

  validate(object: JsonObject, old: JsonObject | undefined, context: WriteContext): readonly FieldError[] {
    // The binding itself was judged, and the pod is as it was.
    if (context.subresource === 'binding') return [];
    if (old && context.subresource === 'status') return this.#strategy.validateStatus?.(object, old) ?? [];
    const errors = this.#errors(object, old, context);
    if (errors.length === 0 && context.subresource === '') this.#warn(object, old, context);
    return errors;
  }

  #errors(object: JsonObject, old: JsonObject | undefined, context: WriteContext): FieldError[] {
    const more = old ? this.#strategy.validateUpdate?.(object, old, context) : this.#strategy.validateCreate?.(object);
    return [...(this.#strategy.validate?.(object) ?? []), ...(more ?? [])];
  }

  #warn(object: JsonObject, old: JsonObject | undefined, context: WriteContext): void {
    for (const warning of this.#strategy.warnings?.(object, old) ?? []) context.warn(warning);
  }

  resetFields(subresource: string): readonly (readonly string[])[] {
    if (!this.#hasStatus) return [];
    if (subresource === '') return [['f:status']];
    if (subresource !== 'status') return [];
    return this.#row.group === 'apps' ? [['f:spec'], ['f:metadata', 'f:labels']] : [['f:spec']];
  }
}

function set(object: JsonObject, key: string, value: Json | undefined): void {
  if (value === undefined) delete object[key];
  else object[key] = value;
}

function carry(object: JsonObject, old: JsonObject, key: string): void {
  // Shared, not copied: nothing changes an object after this, and who compares sees at once that the part is the same.
  set(object, key, old[key]);
}

/** Reads, in place, a body of a kind that is served as no resource of its own: a TokenRequest, say. */
export function decodeBody(of: Pick<KindRow, 'group' | 'version' | 'kind'>, body: JsonObject, unknown: (path: string) => void): void {
  const meta = of.group === 'meta.k8s.io';
  const definition = `${meta ? 'io.k8s.apimachinery.pkg.apis.meta' : `io.k8s.api.${of.group.split('.')[0] || 'core'}`}.${of.version}.${of.kind}`;
  new Decoder(of.kind, of.version, unknown).object(body, definition);
}
