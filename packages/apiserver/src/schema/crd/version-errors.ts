import type { FieldError } from '../../field-error.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { duplicate, invalid, required, tooMany } from '../field-message.ts';
import { type SchemaNode, SchemaReader } from '../schema-node.ts';

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string'];
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const SELECTABLE = new Set(['string', 'boolean', 'integer']);
const MOST_SELECTABLE = 8;
const MOST_WARNING = 256;

const text = (value: Json | undefined) => (typeof value === 'string' ? value : '');
/** The objects of a JSON list. */
export const objects = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.map((item) => (isObject(item) ? item : {})) : [];

function simplePathErrors(path: string, field: string): FieldError[] {
  return path.startsWith('.') ? [] : [invalid(field, path, 'must be a simple json path starting with .')];
}

/** What is wrong with printer columns. */
export function columnErrors(columns: Json | undefined, path: string): FieldError[] {
  return objects(columns).flatMap((column, index) => {
    const at = `${path}[${index}]`;
    const errors: FieldError[] = [];
    const [type, format, jsonPath] = [text(column['type']), text(column['format']), text(column['jsonPath'])];
    const types = `must be one of ${COLUMN_TYPES.join(',')}`;
    if (text(column['name']) === '') errors.push(required(`${at}.name`));
    if (type === '') errors.push(required(`${at}.type`, types));
    else if (!COLUMN_TYPES.includes(type)) errors.push(invalid(`${at}.type`, type, types));
    if (format !== '' && !COLUMN_FORMATS.includes(format))
      errors.push(invalid(`${at}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`));
    return [...errors, ...(jsonPath === '' ? [required(`${at}.JSONPath`)] : simplePathErrors(jsonPath, `${at}.JSONPath`))];
  });
}

function scalePathErrors(path: string, field: string, under: string): FieldError[] {
  if (path === '') return [required(field)];
  const simple = simplePathErrors(path, field);
  if (simple.length > 0) return simple;
  return path.startsWith(`${under}.`) ? [] : [invalid(field, path, `should be a json path under ${under}`)];
}

/** What is wrong with the paths of the scale subresource. */
export function subresourceErrors(subresources: Json | undefined, path: string): FieldError[] {
  const scale = isObject(subresources) ? subresources['scale'] : undefined;
  if (!isObject(scale)) return [];
  const selector = text(scale['labelSelectorPath']);
  const selectorField = `${path}.scale.labelSelectorPath`;
  const selectorErrors = selector === '' ? [] : simplePathErrors(selector, selectorField);
  if (selector !== '' && selectorErrors.length === 0 && !/^\.(?:spec|status)\./.test(selector)) {
    selectorErrors.push(invalid(selectorField, selector, 'should be a json path under either .spec or .status'));
  }
  return [
    ...scalePathErrors(text(scale['specReplicasPath']), `${path}.scale.specReplicasPath`, '.spec'),
    ...scalePathErrors(text(scale['statusReplicasPath']), `${path}.scale.statusReplicasPath`, '.status'),
    ...selectorErrors,
  ];
}

/** The field that a path leads to, or why it leads to none. */
function fieldAt(path: string, root: SchemaNode): SchemaNode | string {
  let node: SchemaNode | undefined = root;
  for (let rest = path; rest !== ''; ) {
    const match = /^\.([^.[\]]+)/.exec(rest);
    if (match === null) {
      const token = /^(?:[.[\]]|[^.[\]]+)/.exec(rest)?.[0] ?? rest;
      return rest.startsWith('.') ? 'unexpected end of JSON path' : `expected [ or . but got: ${token}`;
    }
    const name: string = match[1] ?? '';
    node = node?.child(name);
    if (node === undefined) return 'does not refer to a valid field';
    rest = rest.slice(match[0].length);
  }
  return node;
}

/** What is wrong with the fields that selectors may use. */
export function selectableErrors(fields: Json | undefined, schema: JsonObject | undefined, path: string): FieldError[] {
  const root = new SchemaReader().node(schema ?? {});
  const given = objects(fields);
  const seen = new Set<string>();
  const errors = given.flatMap((field, index) => {
    const at = `${path}[${index}].jsonPath`;
    const jsonPath = text(field['jsonPath']);
    if (jsonPath === '') return [required(at)];
    const found = fieldAt(jsonPath, root);
    if (typeof found === 'string') return [invalid(at, jsonPath, `is an invalid path: ${found}`)];
    const own: FieldError[] = [];
    if (jsonPath.startsWith('.metadata.') || jsonPath === '.metadata')
      own.push(invalid(at, jsonPath, 'must not point to fields in metadata'));
    if (!SELECTABLE.has(found.type)) {
      const detail = 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      own.push(invalid(at, jsonPath, detail));
    }
    if (seen.has(jsonPath)) own.push(duplicate(at, jsonPath));
    seen.add(jsonPath);
    return own;
  });
  return given.length > MOST_SELECTABLE ? [...errors, tooMany(path, given.length, MOST_SELECTABLE)] : errors;
}

/** What is wrong with the warning of a deprecated version. */
export function deprecationErrors(version: JsonObject, path: string): FieldError[] {
  const { deprecationWarning: warning } = version;
  if (typeof warning !== 'string') return [];
  const at = `${path}.deprecationWarning`;
  if (version['deprecated'] !== true) return [invalid(at, warning, 'can only be set for deprecated versions')];
  const errors: FieldError[] = [];
  if (Buffer.byteLength(warning) > MOST_WARNING) errors.push(invalid(at, warning, `must be <= ${MOST_WARNING} characters long`));
  if (warning === '') errors.push(invalid(at, warning, 'must not be an empty string'));
  const unprintable = warning.search(/[^ \p{L}\p{M}\p{N}\p{P}\p{S}]/u);
  if (unprintable >= 0) {
    const detail = `must only contain printable UTF-8 characters; non-printable character found at index ${unprintable}`;
    errors.push(invalid(at, warning, detail));
  }
  return errors;
}
