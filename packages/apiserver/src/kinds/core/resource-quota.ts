import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, textsAt } from '../../json-read.ts';
import { formatQuantity, isWhole, jsonEqual, qualifiedNameProblems, quantityOf } from '../../schema/index.ts';
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

const POD_SCOPES = SCOPES.slice(0, 5);

function checkName(name: string, at: string, check: FieldCheck): void {
  check.named(at, name, (text) => qualifiedNameProblems(text));
  if (name.includes('/') || /^(?:requests\.)?hugepages-/.test(name) || STANDARD.has(name)) return;
  check.invalid(at, name, 'must be a standard resource type or fully qualified');
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
  checkScopes(textsAt(spec, 'scopes'), Object.keys(objectAt(spec, 'hard') ?? {}), check);
  return check.errors;
}

const OPPOSITES = [
  ['Terminating', 'NotTerminating'],
  ['BestEffort', 'NotBestEffort'],
] as const;
const OF_PODS = new Set(['pods', 'cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']);

/** Scopes choose pods, so that only what pods use can be scoped; who asks for nothing can only be counted. */
function checkScopes(scopes: string[], names: readonly string[], check: FieldCheck): void {
  const conflict = OPPOSITES.some(([one, other]) => scopes.includes(one) && scopes.includes(other));
  if (conflict) check.invalid('spec.scopes', scopes, 'conflicting scopes');
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) check.invalid('spec.scopes', scope, 'unsupported scope');
    const fits = (name: string) => (scope === 'BestEffort' ? name === 'pods' : OF_PODS.has(name));
    if (POD_SCOPES.includes(scope) && !names.every(fits)) check.invalid('spec.scopes', scopes, 'unsupported scope applied to resource');
  }
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
