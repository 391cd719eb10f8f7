import type { Json } from '../../json.ts';
import type { FieldCheck } from '../field-check.ts';

const PERCENT = /^[0-9]+%$/;

/** A count or a percentage, never negative. */
export function checkIntOrPercent(field: string, value: Json | undefined, check: FieldCheck): void {
  if (typeof value === 'string' && !PERCENT.test(value)) {
    check.invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    );
  }
  check.nonNegative(field, value);
}

/** No percentage above a hundred. */
export function checkAtMostWhole(field: string, value: Json | undefined, check: FieldCheck): void {
  if (typeof value === 'string' && PERCENT.test(value) && Number.parseInt(value, 10) > 100)
    check.invalid(field, value, 'must not be greater than 100%');
}

/** Whether the value stands for nothing at all. */
export function isZeroShare(value: Json | undefined): boolean {
  return value === undefined || value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0);
}
