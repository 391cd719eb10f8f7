import type { FieldError, FieldErrorType } from '../field-error.ts';
import { isObject, type Json } from '../json.ts';

/** Given instead of a value where a message must not echo it. */
export const OMITTED = Symbol('omitted');

/** A value as a message prints it, where that is not its JSON: structures that Kubernetes prints with its own names. */
export class Printed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What an error says the offending value was. */
export type Shown = Json | undefined | Printed | typeof OMITTED;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
const NEEDS_QUOTING = /["\\]|[^\x20\p{L}\p{M}\p{N}\p{P}\p{S}]/gu;
const HTML = /[<>&\u2028\u2029]/g;

function escaped(character: string): string {
  const known = ESCAPES[character];
  if (known !== undefined) return known;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** A text in quotes, escaped as the messages of Kubernetes are (Go's %q). */
export function quoted(text: string): string {
  return `"${text.replace(NEEDS_QUOTING, escaped)}"`;
}

/** A floating point number as Go prints it: from a million on, and below 0.0001, with an exponent. */
export function goFloat(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** A number as messages print it: whole ones were integers. */
export function goNumber(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : goFloat(value);
}

/** JSON with sorted keys and `<>&` escaped: how structured values appear in messages. */
export function canonicalJson(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isObject(value)) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    return `{${keys
      .toSorted()
      .map((key) => `${canonicalJson(key)}:${canonicalJson(value[key])}`)
      .join(',')}}`;
  }
  if (typeof value === 'bigint') return String(value);
  return (JSON.stringify(value) ?? 'null').replace(HTML, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function shown(value: Json | undefined | Printed): string {
  if (value instanceof Printed) return value.text;
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'bigint') return goNumber(value);
  return typeof value === 'boolean' ? String(value) : canonicalJson(value);
}

const TITLES: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueTooShort: 'Too short',
  InternalError: 'Internal error',
};

function fieldError(type: FieldErrorType, field: string, value: Shown, detail: string): FieldError {
  const parts: string[] = [TITLES[type]];
  if (value !== OMITTED) parts.push(shown(value));
  if (detail !== '') parts.push(detail);
  // A field that is no path prints as Go prints a missing one.
  return { type, field: field === '' ? '<nil>' : field, message: parts.join(': ') };
}

/** A value that breaks a rule. */
export const invalid = (field: string, value: Shown, detail: string) => fieldError('FieldValueInvalid', field, value, detail);
/** A value of the wrong type. */
export const typeInvalid = (field: string, value: Shown, detail: string) => fieldError('FieldValueTypeInvalid', field, value, detail);
/** A value that is missing. */
export const required = (field: string, detail = '') => fieldError('FieldValueRequired', field, OMITTED, detail);
/** A value that may not be given. */
export const forbidden = (field: string, detail: string) => fieldError('FieldValueForbidden', field, OMITTED, detail);
/** A value that appears twice where it must be unique. */
export const duplicate = (field: string, value: Shown, detail = '') => fieldError('FieldValueDuplicate', field, value, detail);
/** A failure of ours while a field was checked. */
export const internal = (field: string, detail: string) => fieldError('InternalError', field, OMITTED, detail);

/** A value outside a closed list. */
export function notSupported(field: string, value: Shown, supported: readonly string[]): FieldError {
  return fieldError(
    'FieldValueNotSupported',
    field,
    value,
    supported.length > 0 ? `supported values: ${supported.map(quoted).join(', ')}` : '',
  );
}

/** A text above its limit; never echoed. */
export function tooLong(field: string, limit: number): FieldError {
  return fieldError('FieldValueTooLong', field, OMITTED, `may not be more than ${limit} ${limit === 1 ? 'byte' : 'bytes'}`);
}

/** A list or map above its limit. */
export function tooMany(field: string, actual: number, limit: number): FieldError {
  return fieldError('FieldValueTooMany', field, actual, `must have at most ${limit} ${limit === 1 ? 'item' : 'items'}`);
}
