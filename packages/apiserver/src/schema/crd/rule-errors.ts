import type { FieldError } from '../../field-error.ts';
import type { Json } from '../../json.ts';
import { type CompiledRule, compileRule, pathSegments } from '../cel/rule.ts';
import { schemaType } from '../cel/schema-type.ts';
import { REQUEST_BYTES } from '../cel/type.ts';
import { UNBOUNDED } from '../cel/typed.ts';
import { forbidden, internal, invalid, notSupported, required } from '../field-message.ts';
import type { Rule, SchemaNode } from '../schema-node.ts';
import { costText, RULE_COST, type SchemaContext } from './schema-context.ts';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const broken = (text: string) => /[\r\n]/.test(text);
const blank = (text: string) => text !== '' && text.trim() === '';
const at = (context: SchemaContext, index: number, field: string) => `${context.path}.x-kubernetes-validations[${index}].${field}`;

/** Whether a `fieldPath` leads to a field that the schema has. */
function leadsToField(path: string, node: SchemaNode): boolean {
  const segments = pathSegments(path);
  let current: SchemaNode | undefined = node;
  for (const segment of segments ?? []) current = current?.child(segment);
  return segments !== undefined && segments.length > 0 && current !== undefined;
}

function textErrors(rule: Rule, message: string, path: string): FieldError[] {
  const text = rule.rule.trim();
  if (text === '') return [required(path, 'rule is not specified')];
  if (blank(rule.message)) return [invalid(message, rule.message, 'must be non-empty if specified')];
  if (broken(rule.message.trim())) return [invalid(message, rule.message, 'must not contain line breaks')];
  if (broken(text) && rule.message.trim() === '') return [required(message, 'message must be specified if rule contains line breaks')];
  return [];
}

function fieldPathErrors(rule: Rule, node: SchemaNode, path: string): FieldError[] {
  const { fieldPath } = rule;
  if (fieldPath === '') return [];
  const errors: FieldError[] = [];
  if (blank(fieldPath)) errors.push(invalid(path, fieldPath, 'must be non-empty if specified'));
  if (broken(fieldPath)) errors.push(invalid(path, fieldPath, 'must not contain line breaks'));
  if (!leadsToField(fieldPath, node)) errors.push(invalid(path, fieldPath, 'must be a valid path'));
  return errors;
}

/** What is wrong with the rules of a node without looking at their expressions. */
export function ruleFormErrors(node: SchemaNode, context: SchemaContext): FieldError[] {
  return node.rules.flatMap((rule, index) => {
    const errors = textErrors(rule, at(context, index, 'message'), at(context, index, 'rule'));
    if (blank(rule.messageExpression)) errors.push(required(at(context, index, 'messageExpression'), 'must be non-empty if specified'));
    if (rule.reason !== '' && !REASONS.includes(rule.reason)) errors.push(notSupported(at(context, index, 'reason'), rule.reason, REASONS));
    return [...errors, ...fieldPathErrors(rule, node, at(context, index, 'fieldPath'))];
  });
}

const shownRule = ({ rule }: CompiledRule): Json => ({ rule: rule.rule });

function expressionErrors(rule: CompiledRule, index: number, context: SchemaContext): FieldError[] {
  const path = at(context, index, 'rule');
  const errors = rule.fault === undefined ? [] : [invalid(path, shownRule(rule), rule.fault)];
  if (rule.messageFault !== undefined) errors.push(invalid(at(context, index, 'messageExpression'), shownRule(rule), rule.messageFault));
  if (rule.usesOldSelf && context.uncorrelated !== undefined) {
    const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${context.uncorrelated}`;
    errors.push(invalid(path, rule.rule.rule, detail));
  } else if (!rule.usesOldSelf && rule.rule.optionalOldSelf !== undefined) {
    errors.push(invalid(at(context, index, 'optionalOldSelf'), rule.rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'));
  }
  return errors;
}

function costErrors(rule: CompiledRule, index: number, count: number, context: SchemaContext): FieldError[] {
  const errors: FieldError[] = [];
  const look = (field: string, called: string, cost: number) => {
    const path = at(context, index, field);
    if (cost > RULE_COST) errors.push(forbidden(path, costText(called, cost, RULE_COST)));
    context.total.add(path, cost);
  };
  if (rule.test !== undefined) look('rule', 'estimated rule cost', Math.min(rule.test.estimate * count, UNBOUNDED));
  if (rule.message !== undefined) look('messageExpression', 'estimated messageExpression cost', rule.message.estimate);
  return errors;
}

/** What is wrong with the expressions of a node's rules, and with what they cost. */
export function ruleExpressionErrors(node: SchemaNode, context: SchemaContext): FieldError[] {
  if (node.rules.length === 0) return [];
  const type = schemaType(node, context.root);
  if (type === undefined) {
    const detail = 'internal error: failed to retrieve type information for x-kubernetes-validations';
    return [internal(`${context.path}.x-kubernetes-validations`, detail)];
  }
  const count = context.count ?? Math.floor(REQUEST_BYTES / ((type.minBytes ?? 1) + 1));
  return node.rules.flatMap((rule, index) => {
    const compiled = compileRule(rule, node, type);
    return [...costErrors(compiled, index, count, context), ...expressionErrors(compiled, index, context)];
  });
}
