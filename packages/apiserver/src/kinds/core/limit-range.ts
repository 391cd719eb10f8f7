import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { compareQuantities, formatQuantity, quantityOf } from '../../schema/index.ts';
import { FieldCheck } from '../field-check.ts';
import { fill, part } from '../fill.ts';
import type { Strategy } from '../strategy.ts';

const AMOUNTS = ['max', 'min', 'default', 'defaultRequest'];

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

/** What must not be greater than what, and how they are called. */
const ORDER = [
  ['min', 'max', 'min', 'max'],
  ['min', 'defaultRequest', 'min', 'default request'],
  ['min', 'default', 'min', 'default'],
  ['defaultRequest', 'max', 'default request', 'max'],
  ['default', 'max', 'default', 'max'],
  ['defaultRequest', 'default', 'default request', 'default'],
] as const;

function checkOrder(item: JsonObject, at: string, check: FieldCheck): void {
  for (const [lower, upper, lowerName, upperName] of ORDER) {
    for (const [name, value] of Object.entries(objectAt(item, lower) ?? {})) {
      const least = quantityOf(value);
      const most = quantityOf(objectAt(item, upper)?.[name]);
      if (!least || !most || compareQuantities(least, most) <= 0) continue;
      const blamed = lower === 'min' && upper !== 'max' ? upper : lower;
      const shown = formatQuantity(blamed === 'defaultRequest' && lower === 'min' ? most : least);
      const text = `${lowerName} value ${formatQuantity(least)} is greater than ${upperName} value ${formatQuantity(most)}`;
      check.invalid(`${at}.${blamed}[${name}]`, shown, text);
    }
  }
}

function checkAmounts(item: JsonObject, at: string, check: FieldCheck): void {
  for (const kind of AMOUNTS) {
    for (const [name, value] of Object.entries(objectAt(item, kind) ?? {})) {
      const amount = quantityOf(value);
      if (amount && amount.units < 0n)
        check.invalid(`${at}.${kind}[${name}]`, formatQuantity(amount), 'must be greater than or equal to 0');
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

function validate(range: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const items = objectsAt(range, 'spec', 'limits');
  check.unique(
    items.map((item) => textAt(item, 'type')),
    (index) => `spec.limits[${index}].type`,
  );
  for (const [index, item] of items.entries()) {
    const at = `spec.limits[${index}]`;
    check.required(`${at}.type`, textAt(item, 'type'));
    checkAmounts(item, at, check);
    checkOrder(item, at, check);
    checkForType(item, at, check);
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
