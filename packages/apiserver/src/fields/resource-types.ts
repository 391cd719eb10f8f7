import { isObject, type JsonObject } from '../json.ts';
import { builtInDefinitions, REF_PREFIX } from '../kinds/index.ts';
import type { ResourceInfo, Schema } from '../resource.ts';
import { FieldSet } from './field-set.ts';
import { ValueTypes } from './value-type.ts';

/** The types of one resource: where its objects start, and what merging knows of their schema. */
export interface ResourceTypes {
  readonly types: ValueTypes;
  readonly root: Schema;
  /** An object of which nothing was said: typed objects always have some fields. */
  readonly zero: JsonObject;
}

const TEXT: Schema = { type: 'string' };
const METADATA: Schema = { $ref: `${REF_PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta` };
const FREE: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const known = new WeakMap<ResourceInfo, ResourceTypes>();
let builtIn: ValueTypes | undefined;

/** Types of a resource, read once. Custom resources get the metadata that every object has. */
export function typesOf(resource: ResourceInfo): ResourceTypes {
  const cached = known.get(resource);
  if (cached) return cached;
  builtIn ??= new ValueTypes(builtInDefinitions());
  const own = resource.definitions;
  const types = !own || own === builtInDefinitions() ? builtIn : new ValueTypes(withMetadata(own));
  const zero: JsonObject = {};
  if (!resource.custom) resource.prune(zero, () => undefined);
  const made = { types, root: resource.custom ? customRoot(resource.schema) : (resource.schema ?? FREE), zero };
  known.set(resource, made);
  return made;
}

function withMetadata(own: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> {
  const all: Record<string, Schema> = Object.create(builtInDefinitions());
  return Object.defineProperties(all, Object.getOwnPropertyDescriptors(own));
}

function customRoot(schema: Schema | undefined): Schema {
  const from = schema ?? FREE;
  const properties = isObject(from['properties']) ? from['properties'] : {};
  return { ...from, properties: { ...properties, apiVersion: TEXT, kind: TEXT, metadata: METADATA } };
}

const resets = new WeakMap<ResourceInfo, Map<string, FieldSet>>();

/** Fields that a write through this endpoint cannot own; read once. */
export function resetSet(resource: ResourceInfo, subresource: string): FieldSet {
  const bySubresource = resets.get(resource) ?? new Map<string, FieldSet>();
  resets.set(resource, bySubresource);
  const reset = bySubresource.get(subresource) ?? FieldSet.of(...resource.resetFields(subresource));
  bySubresource.set(subresource, reset);
  return reset;
}
