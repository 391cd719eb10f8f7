import type { Json } from '../json.ts';
import type { CheckRun } from './check-run.ts';
import { canonicalJson, notSupported, quoted, tooLong, typeInvalid } from './field-message.ts';
import { formatCheck } from './formats.ts';
import { jsonEqual } from './json-equal.ts';
import { isInteger } from './number-check.ts';
import { compilePattern, patternProblem } from './pattern.ts';
import type { SchemaNode } from './schema-node.ts';

type Look = (value: Json, run: CheckRun) => void;

/** The name of a value's JSON type, as messages say it. */
function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number' || typeof value === 'bigint') return isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function goFormat(type: string): string {
  if (type === 'integer') return 'int64';
  return type === 'number' ? 'float64' : '';
}

function wrongType(run: CheckRun, expected: string, found: string): void {
  run.add(typeInvalid(run.field(), found, `${run.name} in body must be of type ${expected}: "${found}"`));
}

/** The check of a value's type; texts with a format are left to the format. */
export function typeCheck(node: SchemaNode): Look | undefined {
  const { types } = node;
  const format = formatCheck(node.format) === undefined ? '' : node.format;
  if (types.length === 0 && format === '') return undefined;
  const numeric = types.includes('number') || types.includes('integer');
  const named = types.join(',');
  const accepted = new Set([...types, ...(types.includes('number') ? ['integer'] : [])]);
  return (value, run) => {
    const type = typeName(value);
    if (accepted.has(type)) return;
    if (type === 'null') {
      if (types.length > 0 && !node.nullable) wrongType(run, named, type);
      return;
    }
    const textual = type === 'string' || type === 'array';
    if (!textual && format !== '' && goFormat(type) !== format) wrongType(run, format, goFormat(type));
    else if (numeric || format === '' || !textual) wrongType(run, named, type);
  };
}

/** Length as Kubernetes counts it: surrogate pairs are one. */
function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0xdc00 || unit > 0xdfff) count++;
  }
  return count;
}

/** Whether a text has more code points than `limit`; only texts near the limit are counted. */
function longerThan(text: string, limit: number): boolean {
  return text.length > limit && (text.length > 2 * limit || codePoints(text) > limit);
}

function shorterThan(text: string, limit: number): boolean {
  return text.length < limit || (text.length < 2 * limit && codePoints(text) < limit);
}

function textLook(node: SchemaNode): ((text: string, run: CheckRun) => boolean) | undefined {
  const [most, least] = [node.limit('maxLength'), node.limit('minLength')];
  const source = typeof node.raw['pattern'] === 'string' ? node.raw['pattern'] : '';
  const pattern = source !== '' && patternProblem(source) === undefined ? compilePattern(source) : undefined;
  if (most === undefined && least === undefined && source === '') return undefined;
  return (text, run) => {
    if (most !== undefined && longerThan(text, most)) run.add(tooLong(run.field(), most));
    else if (least !== undefined && shorterThan(text, least)) run.invalid(text, `should be at least ${least} chars long`);
    else if (pattern?.test(text) === false) run.invalid(text, `should match '${source}'`);
    else return true;
    return false;
  };
}

/** The check of texts: lengths in code points, the pattern, the format. */
export function textCheck(node: SchemaNode): Look | undefined {
  const look = textLook(node);
  const format = formatCheck(node.format);
  if (look === undefined && format === undefined) return undefined;
  return (value, run) => {
    if (typeof value !== 'string') return;
    look?.(value, run);
    if (format?.(value) === false) {
      run.add(typeInvalid(run.field(), value, `${run.name} in body must be of type ${node.format}: ${quoted(value)}`));
    }
  };
}

/** The check against a closed list of values. */
export function enumCheck(node: SchemaNode): Look | undefined {
  const values = node.raw['enum'];
  if (!Array.isArray(values) || values.length === 0) return undefined;
  const texts = new Set(values.filter((value) => typeof value === 'string'));
  const others = values.filter((value) => typeof value !== 'string');
  const supported = values.map((value) => (typeof value === 'string' ? value : canonicalJson(value)));
  return (value, run) => {
    if (typeof value === 'string' ? texts.has(value) : others.some((other) => jsonEqual(other, value))) return;
    run.add(notSupported(run.field(), value, supported));
  };
}
