import type { AdmissionPlugin } from '../call.ts';
import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt } from '../json-read.ts';
import { DYN, qualifiedNameProblems, STRING } from '../schema/index.ts';
import { invalid } from '../status-error.ts';
import { conditionFault, type Demand } from './cel-condition.ts';

/** The lists of expressions in each kind that admission evaluates. */
const CHECKS: Readonly<Record<string, (object: JsonObject) => FieldError[]>> = {
  validatingwebhookconfigurations: checkWebhooks,
  mutatingwebhookconfigurations: checkWebhooks,
  validatingadmissionpolicies: checkPolicy,
};

/** Refuses webhooks and policies whose expressions cannot be evaluated: later nobody could tell their author. */
export const expressionCheck: AdmissionPlugin = {
  name: 'ExpressionCheck',
  handles: ({ resource, operation, subresource }) =>
    resource.group === 'admissionregistration.k8s.io' && subresource === '' && operation !== 'DELETE' && resource.plural in CHECKS,
  validate: ({ resource, name, object, old }) => {
    if (!object || JSON.stringify(old && specOf(old)) === JSON.stringify(specOf(object))) return;
    const errors = CHECKS[resource.plural]?.(object) ?? [];
    if (errors.length > 0) throw invalid(resource, name, errors);
  },
};

function specOf(object: JsonObject) {
  return object['webhooks'] ?? object['spec'];
}

const OF_POLICIES = ['params', 'variables'];

function checkWebhooks(object: JsonObject): FieldError[] {
  return objectsAt(object, 'webhooks').flatMap((webhook, at) => [
    ...checkConditions(webhook, `webhooks[${at}].matchConditions`, OF_POLICIES),
    ...repeated(objectsAt(webhook, 'matchConditions'), `webhooks[${at}]`),
  ]);
}

function checkPolicy(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const hidden = OF_POLICIES.filter((name) => (name === 'params' ? !objectAt(spec, 'paramKind') : objectsAt(spec, name).length === 0));
  const named = objectsAt(spec, 'variables').map((one) => textAt(one, 'name'));
  // Each sees those before it.
  const variables = objectsAt(spec, 'variables').flatMap((one, at) =>
    checkExpression(textAt(one, 'expression'), `spec.variables[${at}].expression`, {
      result: DYN,
      hidden: hidden.filter((name) => name !== 'variables'),
      named: named.slice(0, at),
    }),
  );
  const validations = objectsAt(spec, 'validations').flatMap((one, at) => [
    ...checkExpression(textAt(one, 'expression'), `spec.validations[${at}].expression`, { hidden, named }),
    ...checkExpression(textAt(one, 'messageExpression'), `spec.validations[${at}].messageExpression`, {
      named,
      hidden: [...hidden, 'authorizer'],
      result: STRING,
    }),
  ]);
  const conditions = checkConditions(spec, 'spec.matchConditions', [...hidden, 'variables']);
  return [...conditions, ...repeated(objectsAt(spec, 'matchConditions'), 'spec'), ...variables, ...validations];
}

function checkConditions(owner: JsonObject, at: string, hidden: readonly string[]): FieldError[] {
  return objectsAt(owner, 'matchConditions').flatMap((condition, index) => {
    const name = textAt(condition, 'name');
    const expression = textAt(condition, 'expression').trim();
    const wrong = (why: string) => fieldError(`${at}[${index}].name`, name, why);
    return [
      ...(expression === '' ? [missing(`${at}[${index}].expression`)] : []),
      ...checkExpression(expression, `${at}[${index}].expression`, { hidden }),
      ...(name === '' ? [missing(`${at}[${index}].name`)] : qualifiedNameProblems(name).map(wrong)),
    ];
  });
}

function repeated(conditions: readonly JsonObject[], at: string): FieldError[] {
  const names = conditions.map((one) => textAt(one, 'name'));
  return names.flatMap((name, index): FieldError[] => {
    if (names.indexOf(name) === index) return [];
    return [
      { type: 'FieldValueDuplicate', field: `${at}.matchConditions[${index}].name`, message: `Duplicate value: ${JSON.stringify(name)}` },
    ];
  });
}

/** Whether something has to be said at all, is judged elsewhere. */
function checkExpression(expression: string, field: string, demand: Demand): FieldError[] {
  const fault = expression.trim() === '' ? undefined : conditionFault(expression, demand);
  return fault === undefined ? [] : [fieldError(field, expression, fault)];
}

function missing(field: string): FieldError {
  return { type: 'FieldValueRequired', field, message: 'Required value' };
}

function fieldError(field: string, value: string, why: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}
