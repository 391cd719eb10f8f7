import { SchemaNode, texts } from '../schema-node.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, list, map, REQUEST_BYTES, STRING, TIMESTAMP } from './type.ts';

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const PARTS: Readonly<Record<string, string>> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };

/** A property's name as expressions spell it; nothing for names that they cannot. */
export function escapeProperty(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  return name.replace(/__|[./-]/g, (part) => PARTS[part] ?? part);
}

const atLeastZero = (value: number | undefined) => (value === undefined ? undefined : Math.max(0, value));

/** The most elements that fit into a request when each takes `minBytes` and a comma. */
function mostItems(minBytes: number): number {
  return Math.floor((REQUEST_BYTES - 2) / (minBytes + 1));
}

function textLimit(node: SchemaNode): number {
  if (node.format === 'duration') return 32;
  const limit = atLeastZero(node.limit('maxLength'));
  // Limits count characters; four bytes is the longest one.
  if (limit !== undefined) return limit * 4;
  const values = texts(node.raw['enum']);
  return values.length > 0 ? Math.max(...values.map((value) => value.length)) : REQUEST_BYTES - 2;
}

function textType(node: SchemaNode): CelType {
  const max = textLimit(node);
  switch (node.format) {
    case 'byte':
      return { ...BYTES, max: atLeastZero(node.limit('maxLength')) ?? REQUEST_BYTES - 2 };
    case 'duration':
      return { ...DURATION, max };
    case 'date':
    case 'date-time':
      return TIMESTAMP;
    default:
      return { ...STRING, max };
  }
}

function listType(node: SchemaNode): CelType | undefined {
  const { items } = node;
  const element = items === undefined ? undefined : schemaType(items, items.embedded);
  if (element === undefined) return undefined;
  const type = list(element, atLeastZero(node.limit('maxItems')) ?? mostItems(element.minBytes ?? 1));
  if (node.listType !== 'set' && node.listType !== 'map') return type;
  return {
    ...type,
    list: { unique: node.listType === 'set' ? 'items' : 'keys', keys: node.mapKeys.map((key) => escapeProperty(key) ?? key) },
  };
}

// Kubernetes leaves the length of keys out of its estimates, and so do we, to refuse no rule that it takes.
const KEY: CelType = { ...STRING, max: 0 };

function mapType(node: SchemaNode, value: SchemaNode): CelType | undefined {
  const type = schemaType(value, value.embedded);
  if (type === undefined) return undefined;
  return map(KEY, type, atLeastZero(node.limit('maxProperties')) ?? Math.floor((REQUEST_BYTES - 2) / ((type.minBytes ?? 1) + 6)));
}

const NAME: CelType = { ...STRING, max: REQUEST_BYTES - 2 };
const METADATA = fieldsType(
  'metadata',
  new Map([
    ['name', NAME],
    ['generateName', NAME],
  ]),
  new Map(),
  2,
);

function fieldsType(name: string, fields: ReadonlyMap<string, CelType>, keys: ReadonlyMap<string, string>, minBytes: number): CelType {
  return { kind: 'object', name, minBytes, field: (field) => fields.get(field), key: (field) => keys.get(field) ?? field };
}

function objectFields(node: SchemaNode, root: boolean): CelType {
  const fields = new Map<string, CelType>();
  const keys = new Map<string, string>();
  const needed = new Set(texts(node.raw['required']));
  let minBytes = 2;
  for (const [name, property] of node.properties) {
    const type = schemaType(property, property.embedded);
    const escaped = escapeProperty(name);
    if (type === undefined) continue;
    if (escaped !== undefined) {
      fields.set(escaped, type);
      if (escaped !== name) keys.set(escaped, name);
    }
    if (needed.has(name) && property.default === undefined) minBytes += name.length + (type.minBytes ?? 1) + 4;
  }
  if (root)
    for (const [name, type] of [
      ['apiVersion', NAME],
      ['kind', NAME],
      ['metadata', METADATA],
    ] as const)
      fields.set(name, type);
  return fieldsType('object', fields, keys, minBytes);
}

const types = new WeakMap<SchemaNode, { readonly root: CelType | undefined } | { readonly inner: CelType | undefined }>();

function read(node: SchemaNode, root: boolean): CelType | undefined {
  if (node.intOrString) return { ...DYN, minBytes: 1, max: REQUEST_BYTES - 2 };
  switch (root ? 'object' : node.type) {
    case 'array':
      return listType(node);
    case 'object':
      return node.additional instanceof SchemaNode && !root ? mapType(node, node.additional) : objectFields(node, root);
    case 'string':
      return textType(node);
    case 'boolean':
      return BOOL;
    case 'number':
      return DOUBLE;
    case 'integer':
      return INT;
    default:
      return undefined;
  }
}

/** The type that rules see a schema's values as; nothing for values that the schema says nothing of. `root`: a whole resource. */
export function schemaType(node: SchemaNode, root: boolean): CelType | undefined {
  const known = types.get(node);
  if (known !== undefined && root && 'root' in known) return known.root;
  if (known !== undefined && !root && 'inner' in known) return known.inner;
  const type = read(node, root);
  types.set(node, root ? { root: type } : { inner: type });
  return type;
}
