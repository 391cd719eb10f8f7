import type { FieldError } from '../../field-error.ts';
import { isObject, type Json } from '../../json.ts';
import { RuleChecker } from '../cel/rule-check.ts';
import { CheckRun } from '../check-run.ts';
import { EmbeddedCheck } from '../embedded-metadata.ts';
import { invalid } from '../field-message.ts';
import { hasUnknownFields } from '../prune.ts';
import { SchemaCheck } from '../schema-check.ts';
import type { SchemaNode } from '../schema-node.ts';

function valueErrors(value: Json, node: SchemaNode, path: string): FieldError[] {
  const errors = hasUnknownFields(value, node) ? [invalid(path, value, 'must not have unknown fields')] : [];
  const embedded = new EmbeddedCheck().errors(value, node, path);
  if (embedded.length > 0) return [...errors, ...embedded];
  const run = new CheckRun(path);
  new SchemaCheck().run(value, undefined, node, run);
  if (run.errors.length > 0 || !isObject(value)) return [...errors, ...run.errors];
  const rules = new RuleChecker(node);
  const broken = rules.any ? rules.errors(value, value) : [];
  return [...errors, ...broken.map((error) => ({ ...error, field: error.field === '<nil>' ? path : `${path}.${error.field}` }))];
}

/** What is wrong with the defaults of a schema: they must be values that the schema accepts. */
export function defaultErrors(node: SchemaNode, path: string): FieldError[] {
  const errors = node.default === undefined ? [] : valueErrors(node.default, node, `${path}.default`);
  if (node.items !== undefined) errors.push(...defaultErrors(node.items, `${path}.items`));
  for (const [name, property] of node.properties) errors.push(...defaultErrors(property, `${path}.properties[${name}]`));
  return errors;
}
