import type { FieldError } from '../../field-error.ts';
import { isObject, type JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { jsonEqual, pathSegmentProblems, subdomainProblems } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME, USUAL_COLUMNS } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import { fill } from '../fill.ts';
import type { Strategy } from '../strategy.ts';
import { checkSelector, checksOut } from '../workload/selector-check.ts';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

function checkRule(rule: JsonObject, at: string, namespaced: boolean, check: FieldCheck): void {
  check.required(`${at}.verbs`, textsAt(rule, 'verbs'), 'verbs must contain at least one value');
  const urls = textsAt(rule, 'nonResourceURLs');
  const groups = textsAt(rule, 'apiGroups');
  const resources = textsAt(rule, 'resources');
  if (urls.length > 0) {
    if (namespaced) check.invalid(`${at}.nonResourceURLs`, urls, 'namespaced rules cannot apply to non-resource URLs');
    if (groups.length > 0 || resources.length > 0 || textsAt(rule, 'resourceNames').length > 0) {
      check.invalid(`${at}.nonResourceURLs`, urls, 'rules cannot apply to both regular resources and non-resource URLs');
    }
    return;
  }
  check.required(`${at}.apiGroups`, groups, 'resource rules must supply at least one api group');
  check.required(`${at}.resources`, resources, 'resource rules must supply at least one resource');
}

function checkRules(role: JsonObject, namespaced: boolean): FieldError[] {
  const check = new FieldCheck();
  for (const [index, rule] of objectsAt(role, 'rules').entries()) checkRule(rule, `rules[${index}]`, namespaced, check);
  const aggregation = objectAt(role, 'aggregationRule');
  if (aggregation) {
    const selectors = objectsAt(aggregation, 'clusterRoleSelectors');
    check.required(
      'aggregationRule.clusterRoleSelectors',
      selectors,
      'at least one clusterRoleSelector required if aggregationRule is non-nil',
    );
    for (const [index, selector] of selectors.entries()) {
      const at = `aggregationRule.clusterRoleSelectors[${index}]`;
      checkSelector(selector, at, check);
      if (!checksOut(selector)) check.invalid(at, null, 'invalid label selector.');
    }
  }
  return check.errors;
}

/** Roles. */
export const role: Strategy = { validate: (object) => checkRules(object, true), columns: USUAL_COLUMNS };

/** ClusterRoles. */
export const clusterRole: Strategy = { validate: (object) => checkRules(object, false), columns: USUAL_COLUMNS };

function defaultBinding(binding: JsonObject): void {
  const ref = objectAt(binding, 'roleRef');
  if (ref && textAt(ref, 'apiGroup') === '') ref['apiGroup'] = RBAC_GROUP;
  for (const subject of objectsAt(binding, 'subjects')) {
    if (['User', 'Group'].includes(textAt(subject, 'kind'))) fillText(subject, 'apiGroup', RBAC_GROUP);
  }
}

function fillText(object: JsonObject, key: string, value: string): void {
  if (object[key] === '') delete object[key];
  fill(object, { [key]: value });
}

function checkSubject(subject: JsonObject, at: string, namespaced: boolean, check: FieldCheck): void {
  const kind = textAt(subject, 'kind');
  const name = textAt(subject, 'name');
  const named = check.required(`${at}.name`, name);
  check.oneOf(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group']);
  const group = textAt(subject, 'apiGroup');
  if (kind === 'ServiceAccount') {
    if (named) check.named(`${at}.name`, name, subdomainProblems);
    if (group !== '') check.oneOf(`${at}.apiGroup`, group, ['']);
    if (!namespaced) check.required(`${at}.namespace`, textAt(subject, 'namespace'));
  } else if (kind === 'User' || kind === 'Group') check.oneOf(`${at}.apiGroup`, group, [RBAC_GROUP]);
}

function checkBinding(binding: JsonObject, namespaced: boolean): FieldError[] {
  const check = new FieldCheck();
  const ref = objectAt(binding, 'roleRef');
  check.oneOf('roleRef.apiGroup', textAt(ref, 'apiGroup'), [RBAC_GROUP]);
  check.oneOf('roleRef.kind', textAt(ref, 'kind'), namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']);
  const name = textAt(ref, 'name');
  if (check.required('roleRef.name', name)) check.named('roleRef.name', name, pathSegmentProblems);
  for (const [index, subject] of objectsAt(binding, 'subjects').entries()) checkSubject(subject, `subjects[${index}]`, namespaced, check);
  return check.errors;
}

function keptReference(binding: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const ref = objectAt(binding, 'roleRef');
  if (!jsonEqual(ref, objectAt(old, 'roleRef'))) check.invalid('roleRef', ref, 'cannot change roleRef');
  return check.errors;
}

const roleText = (object: JsonObject) => `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`;

function subjectsText(kind: string): (object: JsonObject) => string {
  return (object) =>
    objectsAt(object, 'subjects')
      .filter((subject) => isObject(subject) && textAt(subject, 'kind') === kind)
      .map((subject) =>
        kind === 'ServiceAccount' ? `${textAt(subject, 'namespace')}/${textAt(subject, 'name')}` : textAt(subject, 'name'),
      )
      .join(', ');
}

const bindingColumns = [
  NAME,
  textColumn('Role', roleText),
  AGE_TEXT,
  textColumn('Users', subjectsText('User'), 1),
  textColumn('Groups', subjectsText('Group'), 1),
  textColumn('ServiceAccounts', subjectsText('ServiceAccount'), 1),
];

/** RoleBindings. */
export const roleBinding: Strategy = {
  defaults: defaultBinding,
  validate: (object) => checkBinding(object, true),
  validateUpdate: (object, old) => keptReference(object, old),
  columns: bindingColumns,
};

/** ClusterRoleBindings. */
export const clusterRoleBinding: Strategy = {
  defaults: defaultBinding,
  validate: (object) => checkBinding(object, false),
  validateUpdate: (object, old) => keptReference(object, old),
  columns: bindingColumns,
};
