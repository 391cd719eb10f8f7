import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { forbidden, invalid } from '../field-message.ts';
import { type SchemaNode, SchemaReader } from '../schema-node.ts';
import { defaultErrors } from './default-errors.ts';
import { openApiErrors } from './openapi-errors.ts';
import { CostTotal } from './schema-context.ts';
import { completenessErrors, isBeyondStructural, structuralErrors } from './structural-errors.ts';

/** What may stand at the root beside `properties` when status is a subresource: it must hold for spec and status alone. */
const AT_ROOT: Readonly<Record<string, string>> = {
  description: 'Description',
  type: 'Type',
  format: 'Format',
  title: 'Title',
  maximum: 'Maximum',
  exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum',
  exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength',
  minLength: 'MinLength',
  pattern: 'Pattern',
  maxItems: 'MaxItems',
  minItems: 'MinItems',
  uniqueItems: 'UniqueItems',
  multipleOf: 'MultipleOf',
  required: 'Required',
  items: 'Items',
  properties: 'Properties',
  externalDocs: 'ExternalDocs',
  example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
};

function rootErrors(schema: JsonObject, path: string, statusEnabled: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { type } = schema;
  if (statusEnabled && typeof type === 'string' && type !== '' && type !== 'object') {
    errors.push(
      invalid(`${path}.type`, type, 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'),
    );
  } else if (statusEnabled && Object.keys(schema).some((name) => !Object.hasOwn(AT_ROOT, name))) {
    const names = Object.values(AT_ROOT).join(' ');
    errors.push(invalid(path, schema, `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`));
  }
  if (schema['nullable'] === true) errors.push(forbidden(`${path}.nullable`, 'nullable cannot be true at the root'));
  return errors;
}

function structural(root: SchemaNode, path: string): FieldError[] {
  const errors = [...structuralErrors(root, path), ...completenessErrors(root, path)];
  return errors.length > 0 ? errors : defaultErrors(root, path);
}

/** Everything that is wrong with the schema of one version; `path` is that of the schema itself. */
export function schemaErrors(schema: JsonObject, path: string, statusEnabled: boolean): FieldError[] {
  const root = new SchemaReader().node(schema);
  const beyond = isBeyondStructural(root);
  const shape = beyond ? [] : structural(root, path);
  const total = new CostTotal();
  const context = beyond || shape.length > 0 ? undefined : { path, root: true, count: 1, uncorrelated: undefined, total };
  return [...rootErrors(schema, path, statusEnabled), ...shape, ...openApiErrors(root, path, context), ...total.errors(path)];
}
