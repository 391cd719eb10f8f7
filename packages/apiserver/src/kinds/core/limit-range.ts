import type { FieldError } from '../../field-error.ts';
import type { Json, JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { compareQuantities, duplicate, formatQuantity, type Quantity, qualifiedNameProblems, quantityOf } from '../../schema/index.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import { checkContainerResourceName, checkStandardResourceName, isExtended } from '../pod/resource-validation.ts';
import type { Strategy } from '../strategy.ts';

const AMOUNTS = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'];
const TYPES = ['Container', 'PersistentVolumeClaim', 'Pod'];
const NANO = 1_000_000_000n;

/** A container's limits default to the most it may have, its requests to its limits or else to the least. */
function defaultItem(item: JsonObject): void {
  if (textAt(item, 'type') !== 'Container') return;
  const fillFrom = (target: string, source: string) => {
    for (const [name, value] of Object.entries(objectAt(item, source) ?? {}))
      if (value !== undefined) fill(part(item, target), { [name]: value });
  };
  fillFrom('default', 'max');
  fillFrom('defaultRequest', 'default');
  fillFrom('defaultRequest', 'min');
}

/** What must not be greater than what, how they are called, and which of them is blamed and which shown. */
const ORDER = [
  ['min', 'max', 'min', 'max', 'min', 'min'],
  ['min', 'defaultRequest', 'min', 'default request', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'max', 'default request', 'max', 'defaultRequest', 'defaultRequest'],
  ['defaultRequest', 'default', 'default request', 'default limit', 'defaultRequest', 'defaultRequest'],
  ['min', 'default', 'min', 'default', 'default', 'min'],
  ['default', 'max', 'default', 'max', 'default', 'max'],
] as const;

function checkOrder(item: JsonObject, at: string, check: FieldCheck): void {
  for (const [lower, upper, lowerName, upperName, blamed, shown] of ORDER) {
    for (const [name, value] of Object.entries(objectAt(item, lower) ?? {})) {
      const least = quantityOf(value);
      const most = quantityOf(objectAt(item, upper)?.[name]);
      if (!least || !most || compareQuantities(least, most) <= 0) continue;
      const text = `${lowerName} value ${formatQuantity(least)} is greater than ${upperName} value ${formatQuantity(most)}`;
      check.invalid(`${at}.${blamed}[${name}]`, formatQuantity(shown === upper ? most : least), text);
    }
  }
}

/** How much more may be used than was asked for: at least as much, and no more than the bounds leave room for. */
function checkRatios(item: JsonObject, at: string, check: FieldCheck): void {
  for (const [name, value] of Object.entries(objectAt(item, 'maxLimitRequestRatio') ?? {})) {
    const ratio = quantityOf(value);
    if (!ratio) continue;
    const field = `${at}.maxLimitRequestRatio[${name}]`;
    const text = formatQuantity(ratio);
    if (ratio.units < NANO) check.invalid(field, text, `ratio ${text} is less than 1`);
    const least = quantityOf(objectAt(item, 'min')?.[name]);
    const most = quantityOf(objectAt(item, 'max')?.[name]);
    if (!least || !most) continue;
    const room = asNumber(most) / asNumber(least);
    if (asNumber(ratio) > room) check.invalid(field, text, `ratio ${text} is greater than max/min = ${room.toFixed(6)}`);
  }
}

const asNumber = ({ units }: Quantity) => Number(units) / Number(NANO);

/** What cannot be shared is not promised to more than one. */
function checkUnshared(item: JsonObject, at: string, check: FieldCheck): void {
  for (const [name, value] of Object.entries(objectAt(item, 'defaultRequest') ?? {})) {
    const asked = quantityOf(value);
    const limit = quantityOf(objectAt(item, 'default')?.[name]);
    const shared = !isExtended(name) && !name.startsWith('hugepages-');
    if (shared || !asked || !limit || compareQuantities(asked, limit) === 0) continue;
    const text = `default value ${formatQuantity(limit)} must equal to defaultRequest value ${formatQuantity(asked)} in ${name}`;
    check.invalid(`${at}.defaultRequest[${name}]`, formatQuantity(asked), text);
  }
}

function checkNames(item: JsonObject, at: string, check: FieldCheck): void {
  const type = textAt(item, 'type');
  for (const kind of AMOUNTS) {
    if (type === 'Pod' && kind.startsWith('default')) continue;
    for (const name of Object.keys(objectAt(item, kind) ?? {})) {
      const field = `${at}.${kind}[${name}]`;
      if (type === 'Pod' || type === 'Container') checkContainerResourceName(name, field, check);
      else checkStandardResourceName(name, field, check);
    }
  }
}

/** Pods have no defaults of their own, and claims ask for storage. */
function checkForType(item: JsonObject, at: string, check: FieldCheck): void {
  const type = textAt(item, 'type');
  if (type === 'Pod') {
    for (const field of ['default', 'defaultRequest']) {
      if (Object.keys(objectAt(item, field) ?? {}).length > 0)
        check.forbidden(`${at}.${field}`, "may not be specified when `type` is 'Pod'");
    }
  }
  const bounded = ['min', 'max'].some((bound) => objectAt(item, bound)?.['storage'] !== undefined);
  if (type === 'PersistentVolumeClaim' && !bounded) {
    check.required(`${at}.limits`, undefined, 'either minimum or maximum storage value is required, but neither was provided');
  }
}

function checkType(type: string, at: string, check: FieldCheck): void {
  const problems = qualifiedNameProblems(type);
  for (const problem of problems) check.invalid(at, type, problem);
  if (problems.length === 0 && !type.includes('/') && !TYPES.includes(type))
    check.invalid(at, type, 'must be a standard limit type or fully qualified');
}

function validate(range: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const seen: Json[] = [];
  for (const [index, item] of objectsAt(range, 'spec', 'limits').entries()) {
    const at = `spec.limits[${index}]`;
    const type = textAt(item, 'type');
    checkType(type, `${at}.type`, check);
    if (seen.includes(type)) check.add(duplicate(`${at}.type`, type));
    seen.push(type);
    checkNames(item, at, check);
    checkOrder(item, at, check);
    checkForType(item, at, check);
    checkRatios(item, at, check);
    checkUnshared(item, at, check);
  }
  return check.errors;
}

/** LimitRanges. */
export const limitRange: Strategy = {
  defaults(range) {
    for (const item of objectsAt(range, 'spec', 'limits')) defaultItem(item);
  },
  validate,
};
