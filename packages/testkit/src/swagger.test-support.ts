interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
}

/** What is wrong with `value`, by a definition of a Swagger document: also members that it does not know, which an API would drop. */
export function strictFaults(value: unknown, type: string, definitions: Readonly<Record<string, object>>): string[] {
  return faultsOf(value, { $ref: `#/definitions/${type}` }, { path: '', definitions });
}

interface Place {
  readonly path: string;
  readonly definitions: Readonly<Record<string, Schema>>;
}

function faultsOf(value: unknown, schema: Schema, place: Place): string[] {
  const { path, definitions } = place;
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/definitions/', '');
    const definition = definitions[name];
    return definition ? faultsOf(value, definition, place) : [`${path}: no definition ${name}`];
  }
  if (schema.enum && !schema.enum.includes(value)) return [`${path}: ${String(value)} is none of ${schema.enum.join(', ')}`];
  if (Array.isArray(value)) {
    if (schema.type !== 'array') return [`${path} is a list`];
    return value.flatMap((item, i) => faultsOf(item, schema.items ?? {}, { ...place, path: `${path}[${i}]` }));
  }
  if (typeof value === 'object' && value !== null) return memberFaults(new Map(Object.entries(value)), schema, place);
  return scalarFits(value, schema.type) ? [] : [`${path}: ${String(value)} is no ${String(schema.type)}`];
}

function memberFaults(members: ReadonlyMap<string, unknown>, schema: Schema, place: Place): string[] {
  if (schema.type !== undefined && schema.type !== 'object') return [`${place.path} is an object`];
  const missing = (schema.required ?? []).filter((name) => !members.has(name)).map((name) => `${place.path}.${name} is missing`);
  const { properties, additionalProperties } = schema;
  const wrong = [...members].flatMap(([name, value]) => {
    const path = `${place.path}.${name}`;
    const of = properties?.[name] ?? additionalProperties;
    return of ? faultsOf(value, of, { ...place, path }) : [`${path} is not defined`];
  });
  return [...missing, ...wrong];
}

function scalarFits(value: unknown, type: Schema['type']): boolean {
  if (type === undefined) return true;
  const types: readonly string[] = typeof type === 'string' ? [type] : type;
  return (
    types.includes(typeof value) || (types.includes('integer') && Number.isInteger(value)) || (types.includes('null') && value === null)
  );
}
