import { type GraphQLInputFieldConfig, GraphQLInputObjectType, type GraphQLInputType, GraphQLList } from 'graphql';
import { isObject, objectOf, stringOf } from './json.ts';
import { fieldName, type NameRegister, typeName } from './names.ts';
import { type EnumTypes, fieldsOf, leafType } from './object-types.ts';
import { refName, type Schema } from './openapi.ts';
import { JsonScalar } from './scalars.ts';

/** A type for writing, and the way from its value to the API's own JSON. */
export interface Input {
  readonly type: GraphQLInputType;
  toJson(value: unknown): unknown;
}

const asItIs = (value: unknown) => value;

/**
 * Makes the types that mutations take. Nothing is required here: the API says what is missing, with its own words and the path,
 * and fills in what has a default.
 */
export class InputTypes {
  readonly #schemas: ReadonlyMap<string, Schema>;
  readonly #names: NameRegister;
  readonly #enums: EnumTypes;
  readonly #named = new Map<string, Input>();

  constructor(schemas: ReadonlyMap<string, Schema>, shared: { names: NameRegister; enums: EnumTypes }) {
    this.#schemas = schemas;
    this.#names = shared.names;
    this.#enums = shared.enums;
  }

  named(name: string): Input {
    const known = this.#named.get(name);
    if (known) return known;
    const schema = this.#schemas.get(name);
    if (!schema) return { type: JsonScalar, toJson: asItIs };
    const input = fieldsOf(schema).length > 0 ? this.#object(name, schema) : { type: leafType(schema, name, this.#enums), toJson: asItIs };
    this.#named.set(name, input);
    return input;
  }

  #input(key: string, schema: Schema): Input {
    const ref = refName(schema);
    if (ref) return this.named(ref);
    if (schema['type'] === 'array') {
      const item = this.#input(`${key}ListItem`, objectOf(schema['items']));
      return { type: new GraphQLList(item.type), toJson: (value) => (Array.isArray(value) ? value.map((it) => item.toJson(it)) : value) };
    }
    if (fieldsOf(schema).length > 0) return this.#object(key, schema);
    return { type: leafType(schema, key, this.#enums), toJson: asItIs };
  }

  #object(key: string, schema: Schema): Input {
    const members = new Map<string, { key: string; input: Input; description: string | undefined }>();
    // Made on first use, because a schema may contain itself.
    const load = () => {
      if (members.size > 0) return members;
      for (const [raw, value] of fieldsOf(schema)) {
        members.set(fieldName(raw), { key: raw, input: this.#input(raw, value), description: stringOf(value['description']) });
      }
      return members;
    };
    const type = new GraphQLInputObjectType({
      name: this.#names.take(`${typeName(key)}Input`),
      fields: () =>
        Object.fromEntries(
          [...load()].map(([name, member]): [string, GraphQLInputFieldConfig] => [
            name,
            { type: member.input.type, description: member.description },
          ]),
        ),
    });
    const toJson = (value: unknown): unknown => {
      if (!isObject(value)) return value;
      const entries = Object.entries(value).flatMap(([name, inner]) => {
        const member = load().get(name);
        return member ? [[member.key, member.input.toJson(inner)] as const] : [];
      });
      return Object.fromEntries(entries);
    };
    return { type, toJson };
  }
}
