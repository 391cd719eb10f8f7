import type { FieldError } from '../../field-error.ts';
import { isObject } from '../../json.ts';
import { forbidden, invalid, required } from '../field-message.ts';
import { SchemaNode } from '../schema-node.ts';

type Level = 'root' | 'item' | 'field';

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};
const EMBEDDED = 'must be object if x-kubernetes-embedded-resource is true';

const child = (path: string, name: string) => `${path}.properties[${name}]`;

/** `anyOf: [{type: integer}, {type: string}]`, which says in older words what int-or-string says. */
function isIntOrString(branches: readonly SchemaNode[]): boolean {
  return (
    branches.length === 2 &&
    ['integer', 'string'].every((type, at) => branches[at]?.type === type && Object.keys(branches[at]?.raw ?? {}).length === 1)
  );
}

function typeErrors(node: SchemaNode, level: Level, path: string): FieldError[] {
  const at = `${path}.type`;
  if (node.embedded && node.type !== 'object') return [node.type === '' ? required(at, EMBEDDED) : invalid(at, node.type, EMBEDDED)];
  if (node.type === '' && !node.intOrString && !node.preserveUnknown) return [required(at, MISSING_TYPE[level])];
  return level === 'root' && node.type !== '' && node.type !== 'object' ? [invalid(at, node.type, 'must be object at the root')] : [];
}

function extensionErrors(node: SchemaNode, path: string): FieldError[] {
  if (node.raw['x-kubernetes-int-or-string'] !== true) return [];
  const detail = 'must be false if x-kubernetes-int-or-string is true';
  const clashing = [
    ['x-kubernetes-preserve-unknown-fields', node.preserveUnknown],
    ['x-kubernetes-embedded-resource', node.embedded],
  ] as const;
  return clashing.flatMap(([name, set]) => (set ? [invalid(`${path}.${name}`, true, detail)] : []));
}

const FREE_METADATA = new Set(['type', 'default', 'description']);

function metadataErrors(metadata: SchemaNode | undefined, node: SchemaNode, level: Level, path: string): FieldError[] {
  if (metadata === undefined) return [];
  const at = child(path, 'metadata');
  const errors: FieldError[] = [];
  if ((level === 'root' || node.embedded) && metadata.type !== 'object')
    errors.push(invalid(`${at}.type`, metadata.type, 'must be object'));
  if (level !== 'root') return errors;
  const others = [...metadata.properties.keys()].filter((name) => name !== 'name' && name !== 'generateName');
  const plain = others.length === 0 && Object.keys(metadata.raw).every((name) => FREE_METADATA.has(name) || name === 'properties');
  if (metadata.raw['default'] !== undefined) errors.push(forbidden(`${at}.default`, 'must not be set in top-level metadata'));
  if (!plain)
    errors.push(forbidden(at, 'must not specify anything other than name and generateName, but metadata is implicitly specified'));
  return errors;
}

function resourceErrors(node: SchemaNode, level: Level, path: string): FieldError[] {
  const errors = metadataErrors(node.properties.get('metadata'), node, level, path);
  for (const name of level === 'root' || node.embedded ? ['kind', 'apiVersion'] : []) {
    const type = node.properties.get(name)?.type;
    if (type !== undefined && type !== 'string') errors.push(invalid(`${child(path, name)}.type`, type, 'must be string'));
  }
  if (!node.embedded) return errors;
  if (node.additional !== undefined)
    errors.push(forbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  if (!node.preserveUnknown && node.properties.size === 0) {
    const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${path}.properties`, detail));
  }
  return errors;
}

/** What junctors may not say, because it would shape a value instead of judging it. */
const NOT_NESTED: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function nestedErrors(node: SchemaNode | undefined, path: string, skipAnyOf = false): FieldError[] {
  if (node === undefined) return [];
  const errors = NOT_NESTED.flatMap(([name, detail]) => {
    const value = node.raw[name];
    return value === undefined || value === null || value === false || value === '' ? [] : [forbidden(`${path}.${name}`, detail)];
  });
  errors.push(...junctorErrors(node, path, skipAnyOf), ...nestedErrors(node.items, `${path}.items`));
  for (const [name, property] of node.properties) errors.push(...nestedErrors(property, child(path, name)));
  if (node.properties.has('metadata')) errors.push(forbidden(child(path, 'metadata'), 'must not be specified in a nested context'));
  return errors;
}

function junctorErrors(node: SchemaNode, path: string, skipAnyOf: boolean, skipFirstAllOf = false): FieldError[] {
  const each = (name: 'allOf' | 'anyOf' | 'oneOf', skipFirst = false) =>
    node.junctor(name).flatMap((branch, index) => nestedErrors(branch, `${path}.${name}[${index}]`, skipFirst && index === 0));
  return [
    ...(skipAnyOf ? [] : each('anyOf')),
    ...each('allOf', skipFirstAllOf),
    ...each('oneOf'),
    ...nestedErrors(node.not, `${path}.not`),
  ];
}

function partErrors(node: SchemaNode, level: Level, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { items, additional } = node;
  if (node.type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'));
  if (items !== undefined) errors.push(...structuralErrors(items, `${path}.items`, 'item'));
  for (const [name, property] of node.properties) errors.push(...structuralErrors(property, child(path, name), 'field'));
  if (additional !== undefined && level === 'root') errors.push(forbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  if (additional instanceof SchemaNode) errors.push(...structuralErrors(additional, `${path}.additionalProperties`, 'field'));
  return errors;
}

/** What keeps a schema from being structural: from saying of every value alone what it is. */
export function structuralErrors(node: SchemaNode, path: string, level: Level = 'root'): FieldError[] {
  const skipAnyOf = isIntOrString(node.junctor('anyOf'));
  const skipFirstAllOf = isIntOrString(node.junctor('allOf')[0]?.junctor('anyOf') ?? []);
  return [
    ...partErrors(node, level, path),
    ...extensionErrors(node, path),
    ...junctorErrors(node, path, skipAnyOf, skipFirstAllOf),
    ...typeErrors(node, level, path),
    ...resourceErrors(node, level, path),
  ];
}

interface Places {
  /** Where the value would have to be specified. */
  readonly outside: string;
  /** Where it is judged. */
  readonly inside: string;
}

function incomplete(nested: SchemaNode | undefined, node: SchemaNode | undefined, at: Places): FieldError[] {
  if (nested === undefined) return [];
  if (node === undefined) return [required(at.outside, `because it is defined in ${at.inside}`)];
  const errors = incompleteJunctors(nested, node, at);
  errors.push(...incomplete(nested.items, node.items, { outside: `${at.outside}.items`, inside: `${at.inside}.items` }));
  for (const [name, property] of nested.properties) {
    errors.push(...incomplete(property, node.properties.get(name), { outside: child(at.outside, name), inside: child(at.inside, name) }));
  }
  return errors;
}

function incompleteJunctors(nested: SchemaNode, node: SchemaNode, { outside, inside }: Places): FieldError[] {
  const each = (name: 'allOf' | 'anyOf' | 'oneOf') =>
    nested.junctor(name).flatMap((branch, index) => incomplete(branch, node, { outside, inside: `${inside}.${name}[${index}]` }));
  return [...incomplete(nested.not, node, { outside, inside: `${inside}.not` }), ...each('allOf'), ...each('anyOf'), ...each('oneOf')];
}

/** Fields that junctors of the root judge but the schema does not specify. Kubernetes asks that of the root's junctors only. */
export function completenessErrors(root: SchemaNode, path: string): FieldError[] {
  return incompleteJunctors(root, root, { outside: path, inside: path });
}

/** Whether a schema uses what no structural schema can: then the rest is not judged. */
export function isBeyondStructural(node: SchemaNode): boolean {
  const { raw, items, additional } = node;
  const refused = ['$ref', 'id', 'patternProperties', 'dependencies', 'definitions', 'additionalItems', '$schema'].some(
    (name) => raw[name] !== undefined,
  );
  const nested = [
    ...node.properties.values(),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((name) => node.junctor(name)),
    items,
    node.not,
  ];
  if (additional instanceof SchemaNode) nested.push(additional);
  return (
    refused ||
    Array.isArray(raw['items']) ||
    nested.some((inner) => inner !== undefined && isObject(inner.raw) && isBeyondStructural(inner))
  );
}
