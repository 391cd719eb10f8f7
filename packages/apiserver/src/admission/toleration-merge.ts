import type { JsonObject } from '../json.ts';
import { numberAt, textAt } from '../json-read.ts';

/** The tolerations without those that another one contains; of equal ones the first stays. */
export function mergedTolerations(all: readonly JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = [];
  for (const [index, one] of all.entries()) {
    const contained =
      merged.some((other) => contains(other, one)) || all.slice(index + 1).some((other) => !same(other, one) && contains(other, one));
    if (!contained) merged.push(one);
  }
  return merged;
}

function same(a: JsonObject, b: JsonObject): boolean {
  return (
    ['key', 'operator', 'value', 'effect'].every((field) => textAt(a, field) === textAt(b, field)) &&
    numberAt(a, 'tolerationSeconds') === numberAt(b, 'tolerationSeconds')
  );
}

/** Whether `wide` tolerates all that `narrow` does. */
function contains(wide: JsonObject, narrow: JsonObject): boolean {
  if (same(wide, narrow)) return true;
  const [key, operator, effect] = ['key', 'operator', 'effect'].map((field) => textAt(wide, field));
  if (key !== textAt(narrow, 'key') && !(key === '' && operator === 'Exists')) return false;
  if (effect !== '' && effect !== textAt(narrow, 'effect')) return false;
  if (effect === 'NoExecute' && isShorter(numberAt(wide, 'tolerationSeconds'), numberAt(narrow, 'tolerationSeconds'))) return false;
  if (operator === 'Exists') return true;
  return textAt(narrow, 'operator') === 'Equal' && textAt(narrow, 'value') === textAt(wide, 'value');
}

/** Nothing said is for ever. */
function isShorter(wide: number | undefined, narrow: number | undefined): boolean {
  return wide !== undefined && (narrow === undefined || narrow > wide);
}
