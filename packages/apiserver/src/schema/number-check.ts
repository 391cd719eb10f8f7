import type { Json } from '../json.ts';
import type { CheckRun } from './check-run.ts';
import { goFloat, goNumber, invalid } from './field-message.ts';
import type { SchemaNode } from './schema-node.ts';

const INT64 = 1n << 63n;
const INT32 = 2 ** 31;

/** Whether a number is one that integers of 64 bits can hold exactly as it was written. */
export function isInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' ? value >= -INT64 && value < INT64 : Number.isSafeInteger(value);
}

function inRange(value: number | bigint, type: string, format: string): boolean {
  if (type !== 'integer') return !/^float(32)?$/.test(format) || Math.abs(Number(value)) <= 3.402_823_466_385_288_6e38;
  if (typeof value === 'number' && !Number.isInteger(value)) return false;
  const limit = format === 'int32' ? INT32 : Number(INT64);
  return typeof value === 'bigint' && format !== 'int32' ? isInteger(value) : Number(value) >= -limit && Number(value) < limit;
}

interface Limits {
  readonly type: string;
  readonly format: string;
  readonly multipleOf: number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly aboveMinimum: boolean;
  readonly belowMaximum: boolean;
}

function inRangeOrSay(value: number | bigint, limits: Limits, called: string, run: CheckRun): boolean {
  const { type, format } = limits;
  if (inRange(value, type, format)) return true;
  run.placeless(`${called} value must be of type ${type} ${format === '' ? '(default format)' : `with format ${format}`} in ${run.name}`);
  return false;
}

/** Integers are compared as integers where the limit allows it: a limit of 0.5 then counts as 0. */
function effective(limit: number, value: number | bigint, valid: boolean): number {
  return valid && isInteger(value) ? Math.trunc(limit) : limit;
}

/** A limit as the message repeats it: as an integer beside integers, else as a floating point number. */
const limitText = (limit: number, value: number | bigint) => (isInteger(value) ? goNumber(limit) : goFloat(limit));

function checkMultiple(value: number | bigint, factor: number, run: CheckRun): void {
  if (factor <= 0) {
    run.add(invalid(run.field(), factor, `factor MultipleOf declared for ${run.name} must be positive: ${goNumber(factor)}`));
    return;
  }
  const fits =
    typeof value === 'bigint' && Number.isInteger(factor)
      ? value % BigInt(factor) === 0n
      : Math.abs((factor < 1 ? (1 / factor) * Number(value) : Number(value) / factor) % 1) < 1e-9;
  if (!fits) run.invalid(value, `should be a multiple of ${limitText(factor, value)}`);
}

function checkBounds(value: number | bigint, limits: Limits, run: CheckRun): void {
  const { minimum, maximum, aboveMinimum, belowMaximum } = limits;
  if (maximum !== undefined) {
    const limit = effective(maximum, value, inRangeOrSay(maximum, limits, 'Maximum boundary', run));
    if (belowMaximum ? value >= limit : value > limit) {
      run.invalid(value, `should be less than ${belowMaximum ? '' : 'or equal to '}${limitText(limit, value)}`);
    }
  }
  if (minimum === undefined) return;
  const limit = effective(minimum, value, inRangeOrSay(minimum, limits, 'Minimum boundary', run));
  if (aboveMinimum ? value <= limit : value < limit) {
    run.invalid(value, `should be greater than ${aboveMinimum ? '' : 'or equal to '}${limitText(limit, value)}`);
  }
}

/** The check of numbers that a schema asks for. */
export function numberCheck(node: SchemaNode): (value: Json, run: CheckRun) => void {
  const limits: Limits = {
    type: node.types.length === 1 ? (node.types[0] ?? '') : '',
    format: node.format,
    multipleOf: node.limit('multipleOf'),
    minimum: node.limit('minimum'),
    maximum: node.limit('maximum'),
    aboveMinimum: node.raw['exclusiveMinimum'] === true,
    belowMaximum: node.raw['exclusiveMaximum'] === true,
  };
  return (value, run) => {
    if (typeof value !== 'number' && typeof value !== 'bigint') return;
    inRangeOrSay(value, limits, 'Checked', run);
    if (limits.multipleOf !== undefined) {
      checkMultiple(value, effective(limits.multipleOf, value, inRangeOrSay(limits.multipleOf, limits, 'MultipleOf', run)), run);
    }
    checkBounds(value, limits, run);
  };
}
