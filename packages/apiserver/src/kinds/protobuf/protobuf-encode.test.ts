import { describe, expect, test } from 'vitest';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import type { Schema } from '../../resource.ts';
import { kindRows } from '../catalog.ts';
import { REF_PREFIX, shape } from '../shapes.ts';
import { decodeProtobufObject } from './protobuf-decode.ts';
import { encodeProtobufEvent, encodeProtobufObject } from './protobuf-encode.ts';

const DEPTH = 12;

/** Values of the types that are no objects of their fields. */
const SPECIAL: Readonly<Record<string, Json>> = {
  Quantity: '1500m',
  IntOrString: '25%',
  Time: '2026-01-02T03:04:05Z',
  MicroTime: '2026-01-02T03:04:05.000678Z',
  FieldsV1: { 'f:metadata': {} },
  RawExtension: { kind: 'Any' },
  JSON: ['x', 1],
  JSONSchemaPropsOrBool: { type: 'string' },
  JSONSchemaPropsOrArray: [{ type: 'integer' }],
  JSONSchemaPropsOrStringArray: ['a', 'b'],
};

/** A value of the schema with every field set, as deep as it goes. */
function full(node: Schema, depth: number): Json | undefined {
  const ref = node['$ref'];
  if (typeof ref === 'string') return fullDefinition(ref.slice(REF_PREFIX.length), depth);
  switch (node['type']) {
    case 'string':
      return node['format'] === 'byte' ? 'AAEC' : 'text';
    case 'boolean':
      return true;
    case 'integer':
      return node['format'] === 'int64' ? -7 : 300;
    case 'number':
      return 1.5;
    case 'array':
      return wrap(node['items'], depth, (item) => (depth < 3 ? [item, item] : [item]));
    default:
      return wrap(node['additionalProperties'], depth, (a) => ({ a }));
  }
}

function wrap(items: Json | undefined, depth: number, around: (item: Json) => Json): Json | undefined {
  const item = isObject(items) ? full(items, depth + 1) : undefined;
  return item === undefined ? undefined : around(item);
}

function fullDefinition(name: string, depth: number): Json | undefined {
  const special = SPECIAL[name.slice(name.lastIndexOf('.') + 1)];
  if (special !== undefined) return special;
  const from = shape(name);
  if (!from || depth > DEPTH) return undefined;
  const properties = from.schema['properties'];
  if (!isObject(properties)) return full(from.schema, depth);
  const known = new Set(from.proto.values());
  const out: JsonObject = {};
  for (const [field, node] of Object.entries(properties)) {
    const value = isObject(node) && known.has(field) && !isSchemaAgain(node, depth) ? full(node, depth + 1) : undefined;
    if (value !== undefined) out[field] = value;
  }
  return out;
}

/** A schema within a schema within a schema: that is enough of them. */
function isSchemaAgain(node: Schema, depth: number): boolean {
  const ref = node['$ref'];
  return depth > 5 && typeof ref === 'string' && ref.endsWith('.JSONSchemaProps');
}

describe.each(kindRows().map(({ group, version, kind, definition }) => ({ group, version, kind, definition })))(
  '$kind of $group/$version',
  ({ group, version, kind, definition }) => {
    const type = { apiVersion: group === '' ? version : `${group}/${version}`, kind };

    test('with every field set is in protobuf what it is in JSON', () => {
      const fields = fullDefinition(definition, 0);
      const object = { ...(isObject(fields) ? fields : {}), ...type };
      expect(Object.keys(object).length).toBeGreaterThan(2);
      expect(decodeProtobufObject(encodeProtobufObject(object))).toEqual(object);
    });
  },
);

test('a ConfigMap is written as client-go writes it', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'pb', labels: { a: 'b' } }, data: { k: 'v' } };
  const written = Buffer.from(encodeProtobufObject(object)).toString('base64');
  expect(written).toBe('azhzAAoPCgJ2MRIJQ29uZmlnTWFwEhYKDAoCcGJaBgoBYRIBYhIGCgFrEgF2GgAiAA==');
});

test('an event of a watch is its length and an envelope with the object in an envelope', () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  const frame = Buffer.from(encodeProtobufEvent('ADDED', object));
  expect(frame.readUInt32BE(0)).toBe(frame.length - 4);
  expect(frame.includes(Buffer.from(encodeProtobufObject(object)))).toBe(true);
});
