import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { AGE_TEXT, countColumn, NONE, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
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

/** Admission policies, validating and mutating. Their expressions are checked where they are compiled. */
function policy(list: 'validations' | 'mutations'): Strategy {
  return {
    defaults(object) {
      const spec = part(object, 'spec');
      fill(spec, { failurePolicy: 'Fail' });
      defaultMatch(part(spec, 'matchConstraints'));
      for (const param of ['paramKind']) if (spec[param] === null) delete spec[param];
    },
    validate(object) {
      const check = new FieldCheck();
      const spec = objectAt(object, 'spec');
      const rules = objectsAt(spec, 'matchConstraints', 'resourceRules');
      check.required('spec.matchConstraints.resourceRules', rules);
      checkOperationRules(rules, 'spec.matchConstraints.resourceRules', check);
      const empty = objectsAt(spec, list).length === 0 && (list === 'mutations' || objectsAt(spec, 'auditAnnotations').length === 0);
      const detail = list === 'validations' ? 'validations or auditAnnotations must be set' : '';
      if (empty) check.required(`spec.${list}`, undefined, detail);
      for (const [index, one] of objectsAt(spec, list).entries()) {
        if (list === 'validations')
          check.required(`spec.validations[${index}].expression`, textAt(one, 'expression').trim(), 'expression is not specified');
      }
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
      check.required('spec.policyName', textAt(object, 'spec', 'policyName'));
      const actions = textsAt(object, 'spec', 'validationActions');
      if (!validating) return check.errors;
      check.required('spec.validationActions', actions);
      for (const action of actions) check.oneOf('spec.validationActions', action, ['Audit', 'Deny', 'Warn']);
      if (actions.includes('Deny') && actions.includes('Warn')) {
        check.invalid(
          'spec.validationActions',
          actions,
          'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
        );
      }
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
