import { z } from 'zod';
import { type CelRule, type SchemaMark, takeMark } from './schema-mark.ts';

/** A structural schema, as a CustomResourceDefinition holds it. */
export interface StructuralSchema {
  type?: string;
  description?: string;
  format?: string;
  pattern?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  required?: string[];
  properties?: Record<string, StructuralSchema>;
  items?: StructuralSchema;
  additionalProperties?: StructuralSchema;
  anyOf?: { type: string }[];
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'map' | 'atomic' | 'set';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-validations'?: CelRule[];
}

type Loose = Record<string, unknown>;

const COPIED = [
  'type',
  'description',
  'format',
  'pattern',
  'enum',
  'default',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
] as const;

/**
 * The structural schema of a zod schema: what zod's JSON schema says, without what Kubernetes forbids there
 * (`additionalProperties: false`, `propertyNames`, `$schema`), plus the marks.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0', unrepresentable: 'any', reused: 'inline' }) as Loose).schema;
}

function convert(source: Loose): { schema: StructuralSchema; mark: SchemaMark } {
  const mark = takeMark(source);
  if (mark.replace) {
    const schema: StructuralSchema = { ...mark.replace };
    if (typeof source['description'] === 'string') schema.description = source['description'];
    if ('default' in source) schema.default = source['default'];
    return { schema: withMark(schema, mark), mark };
  }
  const schema: StructuralSchema = {};
  for (const name of COPIED) if (source[name] !== undefined) Object.assign(schema, { [name]: source[name] });
  // The format is checked by the API; zod's pattern for it would only be another, longer opinion.
  if (schema.format === 'date-time') delete schema.pattern;
  if (schema.type === 'integer') integer(schema, mark);
  if (isLoose(source['items'])) schema.items = convert(source['items']).schema;
  if (isLoose(source['additionalProperties'])) schema.additionalProperties = convert(source['additionalProperties']).schema;
  if (isLoose(source['properties'])) members(schema, source['properties'], source['required']);
  return { schema: withMark(schema, mark), mark };
}

/** zod bounds integers by what a double can hold; the wire's bound is its format. */
function integer(schema: StructuralSchema, mark: SchemaMark): void {
  schema.format = mark.format ?? 'int64';
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function members(schema: StructuralSchema, properties: Loose, required: unknown): void {
  const must = new Set(Array.isArray(required) ? required.map(String) : []);
  schema.properties = {};
  for (const [name, source] of Object.entries(properties)) {
    if (!isLoose(source)) continue;
    const converted = convert(source);
    schema.properties[name] = converted.schema;
    if (converted.mark.required === true) must.add(name);
  }
  if (must.size > 0) schema.required = [...must].toSorted();
}

function withMark(schema: StructuralSchema, mark: SchemaMark): StructuralSchema {
  if (mark.listMapKeys) {
    schema['x-kubernetes-list-type'] = 'map';
    schema['x-kubernetes-list-map-keys'] = [...mark.listMapKeys];
  }
  if (mark.rules) schema['x-kubernetes-validations'] = mark.rules.map((rule) => ({ ...rule }));
  return schema;
}

function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
