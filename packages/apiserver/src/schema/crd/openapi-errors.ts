import type { FieldError } from '../../field-error.ts';
import { forbidden, invalid, notSupported, required } from '../field-message.ts';
import { patternProblem } from '../pattern.ts';
import { SchemaNode, texts } from '../schema-node.ts';
import { ruleExpressionErrors, ruleFormErrors } from './rule-errors.ts';
import { CostTotal, type SchemaContext } from './schema-context.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];
const UNSUPPORTED = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];

function vocabularyErrors(node: SchemaNode, path: string): FieldError[] {
  const { raw, type } = node;
  const errors: FieldError[] = [];
  if (type !== '' && !TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES));
  for (const name of UNSUPPORTED) if (raw[name] !== undefined) errors.push(forbidden(`${path}.${name}`, `${name} is not supported`));
  if (type === 'null') errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(raw['items'])) errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'));
  const { pattern } = raw;
  const problem = typeof pattern === 'string' ? patternProblem(pattern) : undefined;
  if (typeof pattern === 'string' && problem !== undefined) {
    errors.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`));
  }
  return errors;
}

function shapeErrors(node: SchemaNode, path: string): FieldError[] {
  const { raw, additional } = node;
  const errors: FieldError[] = [];
  if (raw['uniqueItems'] === true) {
    errors.push(forbidden(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  }
  if (additional !== undefined && additional !== true && node.properties.size > 0) {
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  if (raw['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  return errors;
}

function mapTypeErrors(node: SchemaNode, path: string): FieldError[] {
  const mapType = node.raw['x-kubernetes-map-type'];
  if (typeof mapType !== 'string') return [];
  const errors = wrongType(node, path, 'object', 'x-kubernetes-map-type');
  if (!MAP_TYPES.includes(mapType)) errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES));
  return errors;
}

function wrongType(node: SchemaNode, path: string, wanted: string, because: string): FieldError[] {
  if (node.type === wanted) return [];
  const detail = `must be ${wanted} if ${because} is specified`;
  return [node.type === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, node.type, detail)];
}

/** Items of sets are compared as wholes, so they must be wholes. */
function setItemErrors(node: SchemaNode, path: string): FieldError[] {
  const { items } = node;
  const name = items?.type === 'array' ? 'x-kubernetes-list-type' : 'x-kubernetes-map-type';
  if (node.listType !== 'set' || items === undefined || (items.type !== 'array' && items.type !== 'object')) return [];
  const value = items.raw[name];
  if (value === 'atomic' || (items.type === 'array' && value === undefined)) return [];
  return [invalid(`${path}.items.${name}`, value, 'must be atomic as item of a list with x-kubernetes-list-type=set')];
}

function mapKeyErrors(node: SchemaNode, items: SchemaNode, path: string): FieldError[] {
  const at = `${path}.x-kubernetes-list-map-keys`;
  const seen = new Set<string>();
  return node.mapKeys.flatMap((key) => {
    const property = items.properties.get(key);
    const errors: FieldError[] = [];
    if (property === undefined) errors.push(invalid(at, [...node.mapKeys], 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${path}.items.properties[${key}].type`, property.type, detail));
    }
    if (seen.has(key)) errors.push(invalid(at, [...node.mapKeys], 'must not contain duplicate entries'));
    seen.add(key);
    return errors;
  });
}

function keyedListErrors(node: SchemaNode, path: string): FieldError[] {
  if (node.listType !== 'map') return [];
  const errors: FieldError[] = [];
  const { items } = node;
  if (node.mapKeys.length === 0) {
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  }
  if (items === undefined) return [...errors, required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type === 'object') return [...errors, ...mapKeyErrors(node, items, path)];
  return [...errors, invalid(`${path}.items.type`, items.type, "must be object if parent array's x-kubernetes-list-type is map")];
}

function listTypeErrors(node: SchemaNode, path: string): FieldError[] {
  const { listType } = node;
  const at = `${path}.x-kubernetes-list-type`;
  const errors = listType !== '' ? wrongType(node, path, 'array', 'x-kubernetes-list-type') : [];
  if (errors.length === 0) errors.push(...setItemErrors(node, path));
  if (listType !== '' && !LIST_TYPES.includes(listType)) errors.push(notSupported(at, listType, LIST_TYPES));
  if (node.mapKeys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    errors.push(listType === '' ? required(at, detail) : invalid(at, listType, detail));
  }
  return [...errors, ...keyedListErrors(node, path), ...identityErrors(node, path)];
}

/** Items of sets and maps need an identity: no nulls, and a value in every key. */
function identityErrors(node: SchemaNode, path: string): FieldError[] {
  const { items, listType } = node;
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return [];
  const errors = items.nullable
    ? [forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`)]
    : [];
  const needed = new Set(texts(items.raw['required']));
  for (const key of listType === 'map' ? node.mapKeys : []) {
    const property = items.properties.get(key);
    const at = `${path}.items.properties[${key}]`;
    const because = 'this property is in x-kubernetes-list-map-keys, so it';
    if (property === undefined) continue;
    if (!needed.has(key) && property.default === undefined)
      errors.push(required(`${at}.default`, `${because} must have a default or be a required property`));
    if (property.nullable) errors.push(forbidden(`${at}.nullable`, `${because} cannot be nullable`));
  }
  return errors;
}

const times = (count: number | undefined, limit: number | undefined) =>
  count === undefined || limit === undefined ? undefined : count * Math.max(0, limit);

function childErrors(node: SchemaNode, context: SchemaContext | undefined, path: string): FieldError[] {
  const { items, additional } = node;
  const inner = (name: string, child: SchemaNode, more: Partial<SchemaContext> = {}) => {
    const at = `${path}.${name}`;
    return openApiErrors(child, at, context === undefined ? undefined : { ...context, ...more, path: at, root: child.embedded });
  };
  const errors: FieldError[] = [];
  if (additional instanceof SchemaNode)
    errors.push(...inner('additionalProperties', additional, { count: times(context?.count, node.limit('maxProperties')) }));
  for (const [name, property] of node.properties) errors.push(...inner(`properties[${name}]`, property));
  if (items !== undefined) {
    const uncorrelated = node.listType === 'map' ? context?.uncorrelated : (context?.uncorrelated ?? path);
    errors.push(...inner('items', items, { count: times(context?.count, node.limit('maxItems')), uncorrelated }));
  }
  return errors;
}

function junctorErrors(node: SchemaNode, path: string): FieldError[] {
  const branches = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) =>
    node.junctor(name).flatMap((branch, index) => openApiErrors(branch, `${path}.${name}[${index}]`, undefined)),
  );
  return node.not === undefined ? branches : [...branches, ...openApiErrors(node.not, `${path}.not`, undefined)];
}

/** What is wrong with a schema's words; and with its rules, where `context` is given and nothing below is wrong. */
export function openApiErrors(node: SchemaNode, path: string, context: SchemaContext | undefined): FieldError[] {
  const errors = [
    ...vocabularyErrors(node, path),
    ...shapeErrors(node, path),
    ...mapTypeErrors(node, path),
    ...listTypeErrors(node, path),
    ...ruleFormErrors(node, { path, root: false, count: 1, uncorrelated: undefined, total: context?.total ?? new CostTotal() }),
  ];
  const below = [...childErrors(node, context, path), ...junctorErrors(node, path)];
  const rules = context !== undefined && errors.length + below.length === 0 ? ruleExpressionErrors(node, context) : [];
  return [...errors, ...below, ...rules];
}
