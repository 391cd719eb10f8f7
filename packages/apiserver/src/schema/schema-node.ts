import { isObject, type Json } from '../json.ts';
import type { Schema } from '../resource.ts';

/** A CEL rule of a schema, as written. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  readonly messageExpression: string;
  readonly reason: string;
  readonly fieldPath: string;
  readonly optionalOldSelf: boolean | undefined;
}

/** Schemas by the last segment of their `$ref`. */
export type Definitions = Readonly<Record<string, Schema>>;

const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');
const truth = (value: Json | undefined) => value === true;
const number = (value: Json | undefined) => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined);

/** Texts of a JSON list; whatever else it holds is left out. */
export function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function readRule(value: Json): Rule {
  const from = isObject(value) ? value : {};
  const optional = from['optionalOldSelf'];
  return {
    rule: text(from['rule']),
    message: text(from['message']),
    messageExpression: text(from['messageExpression']),
    reason: text(from['reason']),
    fieldPath: text(from['fieldPath']),
    optionalOldSelf: typeof optional === 'boolean' ? optional : undefined,
  };
}

/**
 * One schema, read once. Children are read when first asked for, because built-in schemas refer to themselves;
 * each raw schema has one node, so that what is compiled for it can be kept by node.
 */
export class SchemaNode {
  readonly raw: Schema;
  readonly type: string;
  readonly format: string;
  readonly nullable: boolean;
  readonly intOrString: boolean;
  readonly preserveUnknown: boolean;
  readonly embedded: boolean;
  readonly listType: string;
  readonly mapKeys: readonly string[];
  readonly default: Json | undefined;
  readonly #read: SchemaReader;
  #properties: ReadonlyMap<string, SchemaNode> | undefined;

  constructor(raw: Schema, read: SchemaReader) {
    this.raw = raw;
    this.#read = read;
    this.type = text(raw['type']);
    this.format = text(raw['format']);
    this.nullable = truth(raw['nullable']);
    this.intOrString = truth(raw['x-kubernetes-int-or-string']) || this.format === 'int-or-string';
    this.preserveUnknown = truth(raw['x-kubernetes-preserve-unknown-fields']);
    this.embedded = truth(raw['x-kubernetes-embedded-resource']);
    this.listType = text(raw['x-kubernetes-list-type']);
    this.mapKeys = texts(raw['x-kubernetes-list-map-keys']);
    this.default = raw['default'] ?? undefined;
  }

  get properties(): ReadonlyMap<string, SchemaNode> {
    this.#properties ??= new Map(
      Object.entries(isObject(this.raw['properties']) ? this.raw['properties'] : {}).map(([name, raw]) => [name, this.#read.node(raw)]),
    );
    return this.#properties;
  }

  get items(): SchemaNode | undefined {
    const items = this.raw['items'];
    return isObject(items) ? this.#read.node(items) : undefined;
  }

  /** The schema of the other properties; `true` and `false` as written; nothing when absent. */
  get additional(): SchemaNode | boolean | undefined {
    const additional = this.raw['additionalProperties'];
    if (typeof additional === 'boolean') return additional;
    return isObject(additional) ? this.#read.node(additional) : undefined;
  }

  get not(): SchemaNode | undefined {
    const not = this.raw['not'];
    return isObject(not) ? this.#read.node(not) : undefined;
  }

  junctor(name: 'allOf' | 'anyOf' | 'oneOf'): SchemaNode[] {
    const list = this.raw[name];
    return Array.isArray(list) ? list.map((raw) => this.#read.node(raw)) : [];
  }

  get rules(): Rule[] {
    const rules = this.raw['x-kubernetes-validations'];
    return Array.isArray(rules) ? rules.map(readRule) : [];
  }

  /** Types that a value may have, as messages name them. */
  get types(): readonly string[] {
    if (this.intOrString) return ['integer', 'string'];
    return this.type === '' ? [] : [this.type];
  }

  limit(name: string): number | undefined {
    return number(this.raw[name]);
  }

  /** The schema of a property, declared or additional. */
  child(key: string): SchemaNode | undefined {
    const declared = this.properties.get(key);
    if (declared !== undefined) return declared;
    return this.additional instanceof SchemaNode ? this.additional : undefined;
  }
}

/** Reads the schemas of one document; equal raw objects give the same node. */
export class SchemaReader {
  readonly #definitions: Definitions;
  readonly #nodes = new WeakMap<object, SchemaNode>();

  constructor(definitions: Definitions = {}) {
    this.#definitions = definitions;
  }

  node(raw: Json | undefined): SchemaNode {
    const schema = isObject(raw) ? raw : {};
    const known = this.#nodes.get(schema);
    if (known !== undefined) return known;
    const node = new SchemaNode(this.#resolve(schema), this);
    this.#nodes.set(schema, node);
    return node;
  }

  /** Follows `$ref`, also in the form `allOf: [{$ref}]` that OpenAPI v3 uses to add a default. */
  #resolve(schema: Schema): Schema {
    const { allOf, $ref, ...own } = schema;
    const only = Array.isArray(allOf) && allOf.length === 1 && isObject(allOf[0]) ? allOf[0] : undefined;
    const ref = $ref ?? only?.['$ref'];
    if (typeof ref !== 'string') return schema;
    const target = this.#definitions[ref.slice(ref.lastIndexOf('/') + 1)];
    // A definition may be asked about a `$ref` that leads nowhere: then it is left in sight.
    return target === undefined ? schema : { ...this.#resolve(target), ...own };
  }
}
