import { isObject, type Json, type JsonObject } from '../json.ts';
import { describedDefinition, REF_PREFIX } from '../kinds/index.ts';
import type { ResourceInfo, Schema } from '../resource.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** A reference to a definition of the same document. */
export function reference(name: string): Schema {
  return { $ref: `${REF_PREFIX}${name}` };
}

/** A reference to a definition that all groups share, such as `Patch` or `DeleteOptions`. */
export function metaReference(kind: string): Schema {
  return reference(`${META}.${kind}`);
}

/** The name of a resource's definition: its Go type's for built-in kinds, the reversed group's for custom ones. */
export function definitionName(info: ResourceInfo): string {
  return info.definition ?? [...info.group.split('.').toReversed(), info.version, info.kind].join('.');
}

/** The name of the definition of a list of a resource's objects. */
export function listDefinitionName(info: ResourceInfo): string {
  const name = definitionName(info);
  return `${name.slice(0, name.lastIndexOf('.'))}.${info.listKind}`;
}

/** Collects definitions and everything that they refer to. */
export class Definitions {
  readonly #found = new Map<string, Schema>();

  /** Adds what a resource and lists of it look like. */
  addResource(info: ResourceInfo): void {
    if (info.custom) {
      this.#add(definitionName(info), customDefinition(info));
      this.#add(listDefinitionName(info), listDefinition(info));
      return;
    }
    this.addNamed(definitionName(info));
    this.addNamed(listDefinitionName(info));
  }

  /** Adds a built-in definition, if there is one of that name. */
  addNamed(name: string): void {
    if (this.#found.has(name)) return;
    const schema = describedDefinition(name);
    if (schema) this.#add(name, schema);
  }

  /** Adds the definitions that all groups share. */
  addShared(): void {
    for (const kind of ['Patch', 'DeleteOptions', 'Status']) this.addNamed(`${META}.${kind}`);
  }

  /** In order of names. */
  all(): JsonObject {
    return Object.fromEntries([...this.#found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  #add(name: string, schema: Schema): void {
    this.#found.set(name, schema);
    this.#follow(schema);
  }

  #follow(node: Json | undefined): void {
    if (Array.isArray(node)) for (const one of node) this.#follow(one);
    if (!isObject(node)) return;
    const ref = node['$ref'];
    if (typeof ref === 'string' && ref.startsWith(REF_PREFIX)) this.addNamed(ref.slice(REF_PREFIX.length));
    for (const value of Object.values(node)) this.#follow(value);
  }
}

/** What every object says of its own type. */
const TYPE_FIELDS: Readonly<Record<'apiVersion' | 'kind', Schema>> = {
  apiVersion: {
    description: `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: ${CONVENTIONS}#resources`,
    type: 'string',
  },
  kind: {
    description: `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${CONVENTIONS}#types-kinds`,
    type: 'string',
  },
};

function customDefinition(info: ResourceInfo): Schema {
  const schema = published(info.schema ?? { type: 'object' });
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const metadata = {
    description: `Standard object's metadata. More info: ${CONVENTIONS}#metadata`,
    allOf: [metaReference('ObjectMeta')],
  };
  return {
    ...schema,
    properties: { ...TYPE_FIELDS, metadata, ...withoutTypeFields(properties) },
    'x-kubernetes-group-version-kind': [{ group: info.group, kind: info.kind, version: info.version }],
  };
}

function withoutTypeFields(properties: JsonObject): JsonObject {
  const own = Object.entries(properties).filter(([name]) => !['apiVersion', 'kind', 'metadata'].includes(name));
  return Object.fromEntries(own);
}

function listDefinition(info: ResourceInfo): Schema {
  const { group, version, kind, listKind, plural } = info;
  return {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...TYPE_FIELDS,
      items: {
        description: `List of ${plural}. More info: ${CONVENTIONS}`,
        type: 'array',
        items: reference(definitionName(info)),
      },
      metadata: {
        description: `Standard list metadata. More info: ${CONVENTIONS}#types-kinds`,
        allOf: [metaReference('ListMeta')],
      },
    },
    'x-kubernetes-group-version-kind': [{ group, kind: listKind, version }],
  };
}

const EITHER: Json = [{ type: 'integer' }, { type: 'string' }];

/** A CRD's schema as documents show it: a number or a text is said to be either. */
function published(schema: Schema): Schema {
  const out: Schema = {};
  for (const [key, value] of Object.entries(schema)) out[key] = publishedPart(key, value);
  if (schema['x-kubernetes-int-or-string'] === true && schema['anyOf'] === undefined) out['anyOf'] = EITHER;
  return out;
}

function publishedPart(key: string, value: Json | undefined): Json | undefined {
  if (key === 'properties' && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, node]) => [name, isObject(node) ? published(node) : node]));
  }
  const nested = key === 'items' || key === 'additionalProperties';
  return nested && isObject(value) ? published(value) : value;
}
