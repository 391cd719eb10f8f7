import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { pathSegmentProblems, qualifiedNameProblems, subdomainProblems } from '../../schema/index.ts';
import { AGE_TEXT, countColumn, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { checkSelector } from '../workload/selector-check.ts';
import { checkOperationRules } from './operation-rules.ts';

function defaultMatch(match: JsonObject): void {
  fill(match, { matchPolicy: 'Equivalent' });
  for (const selector of ['namespaceSelector', 'objectSelector']) part(match, selector);
  for (const list of ['resourceRules', 'excludeResourceRules']) for (const rule of objectsAt(match, list)) fill(rule, { scope: '*' });
}

const paramKind = (object: JsonObject) => {
  const kind = objectAt(object, 'spec', 'paramKind');
  return kind ? `${textAt(kind, 'apiVersion')}/${textAt(kind, 'kind')}` : '<unset>';
};

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

function checkValidations(object: JsonObject, check: FieldCheck): void {
  for (const [index, one] of objectsAt(object, 'spec', 'validations').entries()) {
    const at = `spec.validations[${index}]`;
    const message = textAt(one, 'message');
    check.required(`${at}.expression`, textAt(one, 'expression').trim(), 'expression is not specified');
    if (message !== '' && message.trim() === '') check.invalid(`${at}.message`, message, 'must be non-empty if specified');
    else if (/[\n\r]/.test(message.trim())) check.invalid(`${at}.message`, message, 'must not contain line breaks');
    check.oneOf(`${at}.reason`, one['reason'], REASONS);
  }
  const name = textAt(object, 'metadata', 'name');
  const keys = objectsAt(object, 'spec', 'auditAnnotations').map((one) => textAt(one, 'key'));
  for (const [index, one] of objectsAt(object, 'spec', 'auditAnnotations').entries()) {
    const at = `spec.auditAnnotations[${index}]`;
    check.named(`${at}.key`, `${name}/${textAt(one, 'key')}`, qualifiedNameProblems);
    check.required(`${at}.valueExpression`, textAt(one, 'valueExpression').trim(), 'valueExpression is not specified');
  }
  check.unique(keys, (index) => `spec.auditAnnotations[${index}].key`);
}

function checkVariables(variables: readonly JsonObject[], check: FieldCheck): void {
  for (const [index, one] of variables.entries()) {
    const at = `spec.variables[${index}]`;
    const name = textAt(one, 'name');
    if (check.required(`${at}.name`, name.trim(), 'name is not specified') && !IDENTIFIER.test(name)) {
      check.invalid(`${at}.name`, name, 'must be a valid CEL identifier');
    }
    check.required(`${at}.expression`, textAt(one, 'expression').trim(), 'expression is not specified');
  }
}

function checkParamKind(kind: JsonObject | undefined, check: FieldCheck): void {
  if (!kind) return;
  const apiVersion = textAt(kind, 'apiVersion');
  if (check.required('spec.paramKind.apiVersion', apiVersion) && apiVersion.split('/').length > 2)
    check.invalid('spec.paramKind.apiVersion', apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  check.required('spec.paramKind.kind', textAt(kind, 'kind'));
}

function checkParamRef(ref: JsonObject | undefined, check: FieldCheck): void {
  if (!ref) return;
  const at = 'spec.paramRef';
  const name = textAt(ref, 'name');
  const selector = objectAt(ref, 'selector');
  if (name !== '') check.named(`${at}.name`, name, pathSegmentProblems);
  if (selector) checkSelector(selector, `${at}.selector`, check);
  if (name !== '' && selector) {
    for (const field of ['name', 'selector']) check.forbidden(`${at}.${field}`, 'name and selector are mutually exclusive');
  }
  if (name === '' && !selector) check.required(at, undefined, 'one of name or selector must be specified');
  const action = ref['parameterNotFoundAction'];
  if (check.required(`${at}.parameterNotFoundAction`, action)) check.oneOf(`${at}.parameterNotFoundAction`, action, ['Deny', 'Allow']);
}

function checkActions(actions: readonly string[], check: FieldCheck): void {
  const at = 'spec.validationActions';
  check.required(at, [...actions], 'at least one validation action is required');
  for (const [index, action] of actions.entries()) check.oneOf(`${at}[${index}]`, action, ['Audit', 'Deny', 'Warn']);
  check.unique(actions, (index) => `${at}[${index}]`);
  if (!actions.includes('Deny') || !actions.includes('Warn')) return;
  check.invalid(
    at,
    [...actions],
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  );
}

/** Admission policies, validating and mutating. Their expressions are checked where they are compiled. */
function policy(list: 'validations' | 'mutations'): Strategy {
  return {
    defaults(object) {
      const spec = part(object, 'spec');
      fill(spec, { failurePolicy: 'Fail' });
      const match = objectAt(spec, 'matchConstraints');
      if (match) defaultMatch(match);
      for (const param of ['paramKind']) if (spec[param] === null) delete spec[param];
    },
    validate(object) {
      const check = new FieldCheck();
      const spec = objectAt(object, 'spec');
      const rules = objectsAt(spec, 'matchConstraints', 'resourceRules');
      const match = objectAt(spec, 'matchConstraints');
      if (match) check.required('spec.matchConstraints.resourceRules', rules);
      else check.required('spec.matchConstraints', undefined);
      check.oneOf('spec.matchConstraints.matchPolicy', match?.['matchPolicy'], ['Equivalent', 'Exact']);
      checkOperationRules(rules, 'spec.matchConstraints.resourceRules', check);
      const empty = objectsAt(spec, list).length === 0 && (list === 'mutations' || objectsAt(spec, 'auditAnnotations').length === 0);
      if (empty && list === 'mutations') check.required('spec.mutations', undefined);
      if (empty && list === 'validations') {
        const detail = 'validations or auditAnnotations must contain at least one item';
        for (const missing of ['validations', 'auditAnnotations']) check.required(`spec.${missing}`, undefined, detail);
      }
      if (list === 'validations') checkValidations(object, check);
      checkVariables(objectsAt(spec, 'variables'), check);
      checkParamKind(objectAt(spec, 'paramKind'), check);
      check.oneOf('spec.failurePolicy', spec?.['failurePolicy'], ['Fail', 'Ignore']);
      return check.errors;
    },
    columns: [
      NAME,
      countColumn(list === 'validations' ? 'Validations' : 'Mutations', (object) => objectsAt(object, 'spec', list).length),
      textColumn('ParamKind', paramKind),
      AGE_TEXT,
    ],
  };
}

/** ValidatingAdmissionPolicies. */
export const validatingPolicy = policy('validations');
/** MutatingAdmissionPolicies. */
export const mutatingPolicy = policy('mutations');

/** Bindings of admission policies. */
export function policyBinding(validating: boolean): Strategy {
  return {
    defaults(object) {
      const match = objectAt(object, 'spec', 'matchResources');
      if (match) defaultMatch(match);
    },
    validate(object) {
      const check = new FieldCheck();
      const policyName = textAt(object, 'spec', 'policyName');
      if (check.required('spec.policyName', policyName)) check.named('spec.policyName', policyName, subdomainProblems);
      checkParamRef(objectAt(object, 'spec', 'paramRef'), check);
      if (validating) checkActions(textsAt(object, 'spec', 'validationActions'), check);
      return check.errors;
    },
    columns: [
      NAME,
      textColumn('PolicyName', (object) => textAt(object, 'spec', 'policyName')),
      textColumn('ParamRef', (object) => {
        const ref = objectAt(object, 'spec', 'paramRef');
        return ref ? `${textAt(ref, 'namespace') || '*'}/${textAt(ref, 'name')}` : NONE;
      }),
      AGE_TEXT,
    ],
  };
}
