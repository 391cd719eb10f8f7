import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  GraphQLInt,
  GraphQLList,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
} from 'graphql';
import type { GraphContext } from './context.ts';
import { arrayOf, isObject, objectOf, stringOf } from './json.ts';
import { enumName, fieldName, type NameRegister, typeName } from './names.ts';
import { refName, type Schema } from './openapi.ts';
import { BigIntScalar, JsonScalar } from './scalars.ts';
import { WRAPPERS } from './wrappers.ts';

type Field = GraphQLFieldConfig<unknown, GraphContext>;

/** Reads an object that a wrapper refers to; `undefined` when it is not there for this caller. */
export type Follow = (target: string, ref: { name: string; namespace: string | undefined }, context: GraphContext) => Promise<unknown>;

/** Enums are one type for reading and writing, so both builders share them. */
export class EnumTypes {
  readonly #names: NameRegister;
  readonly #byValues = new Map<string, GraphQLEnumType>();

  constructor(names: NameRegister) {
    this.#names = names;
  }

  of(key: string, values: readonly string[]): GraphQLEnumType {
    const same = `${key}:${values.join('|')}`;
    const known = this.#byValues.get(same);
    if (known) return known;
    const entries = values.map((value): [string, { value: string }] => [enumName(value), { value }]);
    const type = new GraphQLEnumType({ name: this.#names.take(typeName(key)), values: Object.fromEntries(entries) });
    this.#byValues.set(same, type);
    return type;
  }
}

/** Scalars and enums look the same in both directions. */
export function leafType(schema: Schema, key: string, enums: EnumTypes) {
  const values = arrayOf(schema['enum']).filter((value) => typeof value === 'string');
  if (values.length > 0 && new Set(values.map(enumName)).size === values.length) return enums.of(key, values);
  // A count of CPUs may be written as text too; the variables of existing documents are BigInt all the same.
  if (key === 'cpu') return BigIntScalar;
  switch (schema['type']) {
    case 'string':
      return GraphQLString;
    case 'boolean':
      return GraphQLBoolean;
    case 'number':
      return GraphQLFloat;
    case 'integer':
      return schema['format'] === 'int32' ? GraphQLInt : BigIntScalar;
    default:
      return JsonScalar;
  }
}

/** A schema that is an object with known fields, after following its reference. */
export function fieldsOf(schema: Schema): [string, Schema][] {
  return Object.entries(objectOf(schema['properties'])).flatMap(([key, value]) =>
    isObject(value) ? [[key, value] satisfies [string, Schema]] : [],
  );
}

/** Makes the types that queries answer with. */
export class OutputTypes {
  readonly #schemas: ReadonlyMap<string, Schema>;
  readonly #names: NameRegister;
  readonly #enums: EnumTypes;
  readonly #follow: Follow;
  readonly #named = new Map<string, GraphQLOutputType>();

  constructor(schemas: ReadonlyMap<string, Schema>, shared: { names: NameRegister; enums: EnumTypes }, follow: Follow) {
    this.#schemas = schemas;
    this.#names = shared.names;
    this.#enums = shared.enums;
    this.#follow = follow;
  }

  /** The type of a named schema of the description. */
  named(name: string): GraphQLOutputType {
    const known = this.#named.get(name);
    if (known) return known;
    const schema = this.#schemas.get(name);
    if (!schema || fieldsOf(schema).length === 0) return schema ? leafType(schema, name, this.#enums) : JsonScalar;
    const type = this.#object(name, schema, name);
    this.#named.set(name, type);
    return type;
  }

  #type(key: string, schema: Schema, at: string): GraphQLOutputType {
    const ref = refName(schema);
    if (ref) return this.named(ref);
    if (schema['type'] === 'array') return new GraphQLList(this.#type(`${key}ListItem`, objectOf(schema['items']), `${at}>*`));
    if (fieldsOf(schema).length > 0) return this.#object(key, schema, at);
    return leafType(schema, key, this.#enums);
  }

  #object(key: string, schema: Schema, at: string): GraphQLObjectType {
    return new GraphQLObjectType<unknown, GraphContext>({
      name: this.#names.take(typeName(key)),
      description: stringOf(schema['description']),
      fields: () => ({ ...this.#fields(schema, at), ...this.#wrapper(at) }),
    });
  }

  #fields(schema: Schema, at: string): GraphQLFieldConfigMap<unknown, GraphContext> {
    const fields = fieldsOf(schema).map(([key, value]): [string, Field] => {
      const isMap = isObject(value['additionalProperties']);
      const resolve = (source: unknown) => (isMap ? camelKeys(objectOf(source)[key]) : objectOf(source)[key]);
      return [fieldName(key), { type: this.#type(key, value, `${at}>${key}`), description: stringOf(value['description']), resolve }];
    });
    return Object.fromEntries(fields);
  }

  #wrapper(at: string): GraphQLFieldConfigMap<unknown, GraphContext> {
    const wrapper = WRAPPERS.find((known) => known.at === at && this.#schemas.has(known.target));
    if (!wrapper) return {};
    const target = this.named(wrapper.target);
    const resolve = (source: unknown, _args: unknown, context: GraphContext) => this.#resolveRef(wrapper.target, source, context);
    const type = new GraphQLObjectType<unknown, GraphContext>({
      name: this.#names.take(typeName(wrapper.field)),
      fields: { [fieldName(wrapper.target)]: { type: target, resolve } },
    });
    return { [wrapper.field]: { type, resolve: (source) => source } };
  }

  async #resolveRef(target: string, source: unknown, context: GraphContext): Promise<unknown> {
    const ref = objectOf(source);
    const name = stringOf(ref['name']);
    return name ? this.#follow(target, { name, namespace: stringOf(ref['namespace']) }, context) : undefined;
  }
}

/** Keys of labels and the like, in the form that GraphQL clients know them. Two keys may meet in one name; the last one wins. */
function camelKeys(map: unknown): unknown {
  return isObject(map) ? Object.fromEntries(Object.entries(map).map(([key, value]) => [fieldName(key), value])) : map;
}
