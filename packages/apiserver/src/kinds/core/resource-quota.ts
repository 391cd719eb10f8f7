import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt, textsAt } from '../../json-read.ts';
import { formatQuantity, isWhole, jsonEqual, Printed, qualifiedNameProblems, quantityOf } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';

const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
];
const AMOUNTS = ['cpu', 'memory', 'ephemeral-storage'];
const STANDARD = new Set([
  ...COUNTED,
  ...AMOUNTS,
  ...AMOUNTS.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'requests.storage',
]);
const SCOPES = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
  'VolumeAttributesClass',
];

const POD_SCOPES = ['Terminating', 'NotTerminating', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'];

const isStandard = (name: string) => /^(?:requests\.)?hugepages-/.test(name) || STANDARD.has(name);

function checkName(name: string, at: string, check: FieldCheck): void {
  const problems = qualifiedNameProblems(name);
  for (const problem of problems) check.invalid(at, name, problem);
  if (name.includes('/') || isStandard(name)) return;
  if (problems.length === 0) check.invalid(at, name, 'must be a standard resource type or fully qualified');
  check.invalid(at, name, 'must be a standard resource for quota');
}

function checkAmounts(place: string, amounts: JsonObject | undefined, check: FieldCheck): void {
  for (const [name, value] of Object.entries(amounts ?? {})) {
    const at = `${place}[${name}]`;
    checkName(name, at, check);
    const amount = quantityOf(value);
    if (!amount) continue;
    if (amount.units < 0n) check.invalid(at, formatQuantity(amount), 'must be greater than or equal to 0');
    const counts = COUNTED.includes(name) || name.startsWith('count/');
    if (counts && !isWhole(amount)) check.invalid(at, formatQuantity(amount), 'must be an integer');
  }
}

function validate(quota: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const spec = objectAt(quota, 'spec');
  checkAmounts('spec.hard', objectAt(spec, 'hard'), check);
  const names = Object.keys(objectAt(spec, 'hard') ?? {});
  checkScopes(textsAt(spec, 'scopes'), names, check);
  const selector = objectAt(spec, 'scopeSelector');
  if (selector) checkScopeSelector(selector, { scopes: textsAt(spec, 'scopes'), names }, check);
  return check.errors;
}

const OPPOSITES = [
  ['Terminating', 'NotTerminating'],
  ['BestEffort', 'NotBestEffort'],
] as const;
const OF_PODS = new Set(['pods', 'cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

/** Whether what a scope chooses uses a resource at all: pods that ask for nothing can only be counted. */
function fits(scope: string, name: string): boolean {
  if (POD_SCOPES.includes(scope)) return OF_PODS.has(name);
  if (scope === 'BestEffort') return name === 'pods';
  if (scope === 'VolumeAttributesClass') return name === 'persistentvolumeclaims' || name === 'requests.storage';
  return true;
}

const conflicting = (scopes: readonly string[]) => OPPOSITES.some(([one, other]) => scopes.includes(one) && scopes.includes(other));

function checkScopes(scopes: string[], names: readonly string[], check: FieldCheck): void {
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) check.invalid('spec.scopes', scopes, 'unsupported scope');
    for (const name of names)
      if (isStandard(name) && !fits(scope, name)) check.invalid('spec.scopes', scopes, 'unsupported scope applied to resource');
  }
  if (conflicting(scopes)) check.invalid('spec.scopes', scopes, 'conflicting scopes');
}

const EXISTS_ONLY =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function checkScopeSelector(
  selector: JsonObject,
  { scopes, names }: { scopes: string[]; names: readonly string[] },
  check: FieldCheck,
): void {
  const at = 'spec.scopeSelector.matchExpressions';
  const asked = objectsAt(selector, 'matchExpressions');
  for (const one of asked) {
    const scope = textAt(one, 'scopeName');
    if (!SCOPES.includes(scope)) check.invalid(`${at}.scopeName`, scope, 'unsupported scope');
    for (const name of names)
      if (isStandard(name) && !fits(scope, name)) check.invalid(at, printed(selector), 'unsupported scope applied to resource');
    checkOperator(one, at, check);
  }
  if (conflicting(asked.map((one) => textAt(one, 'scopeName')))) check.invalid('spec.scopes', scopes, 'conflicting scopes');
}

function checkOperator(one: JsonObject, at: string, check: FieldCheck): void {
  const operator = textAt(one, 'operator');
  const values = textsAt(one, 'values');
  const plain = !['PriorityClass', 'VolumeAttributesClass'].includes(textAt(one, 'scopeName'));
  if (plain && SCOPES.includes(textAt(one, 'scopeName')) && operator !== 'Exists') check.invalid(`${at}.operator`, operator, EXISTS_ONLY);
  if (operator === 'In' || operator === 'NotIn')
    check.required(`${at}.values`, values, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
  else if (operator !== 'Exists' && operator !== 'DoesNotExist') check.invalid(`${at}.operator`, operator, 'not a valid selector operator');
  else if (values.length > 0)
    check.invalid(`${at}.values`, values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
}

function printed(selector: JsonObject): Printed {
  const MatchExpressions = objectsAt(selector, 'matchExpressions').map((one) => ({
    ScopeName: textAt(one, 'scopeName'),
    Operator: textAt(one, 'operator'),
    Values: one['values'] ?? null,
  }));
  return new Printed(JSON.stringify({ MatchExpressions }));
}

function usageText(quota: JsonObject, limits: boolean): string {
  const hard = objectAt(quota, 'status', 'hard') ?? {};
  const used = objectAt(quota, 'status', 'used') ?? {};
  return Object.keys(hard)
    .toSorted()
    .filter((name) => name.startsWith('limits.') === limits)
    .map((name) => `${name}: ${shown(used[name])}/${shown(hard[name])}`)
    .join(', ');
}

const shown = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '0');

/** ResourceQuotas. */
export const resourceQuota: Strategy = {
  validate,
  validateUpdate(quota, old) {
    const check = new FieldCheck();
    const scopes = textsAt(quota, 'spec', 'scopes');
    if (!jsonEqual(scopes.toSorted(), textsAt(old, 'spec', 'scopes').toSorted())) check.invalid('spec.scopes', scopes, IMMUTABLE);
    return check.errors;
  },
  validateStatus(quota) {
    const check = new FieldCheck();
    checkAmounts('status.hard', objectAt(quota, 'status', 'hard'), check);
    checkAmounts('status.used', objectAt(quota, 'status', 'used'), check);
    return check.errors;
  },
  columns: [
    NAME,
    textColumn('Request', (object) => usageText(object, false)),
    textColumn('Limit', (object) => usageText(object, true)),
    AGE_TEXT,
  ],
};
