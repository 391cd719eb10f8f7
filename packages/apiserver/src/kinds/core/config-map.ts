import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { mapAt, objectAt } from '../../json-read.ts';
import { jsonEqual, tooLong } from '../../schema/index.ts';
import { AGE_TEXT, textColumn } from '../cells.ts';
import { NAME } from '../columns.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';
import { base64Bytes, configKeyProblems, MOST_BYTES } from './config-keys.ts';

function validate(map: JsonObject): FieldError[] {
  const check = new FieldCheck();
  const data = mapAt(map, 'data');
  const binary = mapAt(map, 'binaryData');
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    check.named(`data[${key}]`, key, configKeyProblems);
    if (key in binary) check.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
    size += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binary)) {
    check.named(`binaryData[${key}]`, key, configKeyProblems);
    size += base64Bytes(value);
  }
  if (size > MOST_BYTES) check.add(tooLong('[]', MOST_BYTES));
  return check.errors;
}

/** What may no longer change once `immutable` was set; that it was cannot be taken back. */
export function immutableKept(object: JsonObject, old: JsonObject, fields: readonly string[]): FieldError[] {
  const check = new FieldCheck();
  if (old['immutable'] !== true) return [];
  if (object['immutable'] !== true) check.forbidden('immutable', FROZEN);
  for (const field of fields) if (!jsonEqual(object[field], old[field])) check.forbidden(field, FROZEN);
  return check.errors;
}

const FROZEN = 'field is immutable when `immutable` is set';

/** ConfigMaps. */
export const configMap: Strategy = {
  validate,
  validateUpdate: (object, old) => immutableKept(object, old, ['data', 'binaryData']),
  columns: [
    NAME,
    textColumn(
      'Data',
      (object) => Object.keys(objectAt(object, 'data') ?? {}).length + Object.keys(objectAt(object, 'binaryData') ?? {}).length,
    ),
    AGE_TEXT,
  ],
};
