import type { AdmissionPlugin } from '../call.ts';
import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt } from '../json-read.ts';
import { qualifiedNameProblems } from '../schema/index.ts';
import { invalid } from '../status-error.ts';
import { conditionFault } from './cel-condition.ts';

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

function checkWebhooks(object: JsonObject): FieldError[] {
  return objectsAt(object, 'webhooks').flatMap((webhook, at) => checkConditions(webhook, `webhooks[${at}].matchConditions`));
}

function checkPolicy(object: JsonObject): FieldError[] {
  const spec = objectAt(object, 'spec') ?? {};
  const validations = objectsAt(spec, 'validations').flatMap((one, at) => checkExpression(one, `spec.validations[${at}].expression`));
  return [...checkConditions(spec, 'spec.matchConditions'), ...validations];
}

function checkConditions(owner: JsonObject, at: string): FieldError[] {
  return objectsAt(owner, 'matchConditions').flatMap((condition, index) => {
    const name = textAt(condition, 'name');
    const wrong = (why: string) => fieldError(`${at}[${index}].name`, name, why);
    return [...checkExpression(condition, `${at}[${index}].expression`), ...qualifiedNameProblems(name).map(wrong)];
  });
}

function checkExpression(owner: JsonObject, field: string): FieldError[] {
  const expression = textAt(owner, 'expression');
  if (expression.trim() === '') return [{ type: 'FieldValueRequired', field, message: 'Required value' }];
  const fault = conditionFault(expression);
  return fault === undefined ? [] : [fieldError(field, expression, fault)];
}

function fieldError(field: string, value: string, why: string): FieldError {
  return { type: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}
