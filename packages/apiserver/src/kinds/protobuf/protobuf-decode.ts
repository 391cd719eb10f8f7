import { LabError } from '@crownlabs/std';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import type { Schema } from '../../resource.ts';
import { REF_PREFIX, type Shape, shape } from '../shapes.ts';
import { definitionOf, MAGIC, type TypeMeta } from './envelope.ts';
import { numberOf, SPECIAL_MESSAGES, textOf } from './special-messages.ts';
import { malformed, wireFields } from './wire.ts';

/** Decodes a body in Kubernetes' protobuf envelope as the object that its JSON would be. Built-in kinds only; throws BadRequest. */
export function decodeProtobufObject(bytes: Uint8Array): JsonObject {
  if (bytes.length < MAGIC.length || Buffer.compare(MAGIC, bytes.subarray(0, MAGIC.length)) !== 0) throw malformed();
  let type: TypeMeta = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of wireFields(bytes.subarray(MAGIC.length))) {
    if (typeof value === 'bigint') throw malformed();
    if (number === 1) type = typeMeta(value);
    else if (number === 2) raw = value;
  }
  const root = shape(definitionOf(type));
  if (!root) throw new LabError('BadRequest', `no kind "${type.kind}" is registered for version "${type.apiVersion}" in protobuf`);
  return { ...type, ...message(raw, root) };
}

function typeMeta(bytes: Uint8Array): TypeMeta {
  const texts = new Map<number, string>();
  for (const { number, value } of wireFields(bytes)) texts.set(number, textOf(value));
  return { apiVersion: texts.get(1) ?? '', kind: texts.get(2) ?? '' };
}

function message(bytes: Uint8Array, from: Shape): JsonObject {
  const out: JsonObject = {};
  readInto(out, bytes, { from, prefix: '' });
  return out;
}

function readInto(out: JsonObject, bytes: Uint8Array, { from, prefix }: { from: Shape; prefix: string }): void {
  for (const { number, value } of wireFields(bytes)) {
    const field = from.proto.get(`${prefix}${number}`);
    if (field !== undefined) {
      const properties = from.schema['properties'];
      const node = isObject(properties) && isObject(properties[field]) ? properties[field] : {};
      out[field] = merged(out[field], value, node);
    } else if (typeof value !== 'bigint' && hasInlined(from, `${prefix}${number}.`)) {
      readInto(out, value, { from, prefix: `${prefix}${number}.` });
    }
    // Fields of newer clients are dropped, as protobuf wants.
  }
}

function hasInlined(from: Shape, prefix: string): boolean {
  for (const path of from.proto.keys()) if (path.startsWith(prefix)) return true;
  return false;
}

/** Repeated fields and maps come item by item. */
function merged(before: Json | undefined, value: bigint | Uint8Array, node: Schema): Json {
  if (node['type'] === 'array' && isObject(node['items'])) {
    const list = Array.isArray(before) ? before : [];
    list.push(single(value, node['items']));
    return list;
  }
  if (node['type'] === 'object' && isObject(node['additionalProperties'])) {
    const map = isObject(before) ? before : Object.create(null);
    readEntry(map, value, node['additionalProperties']);
    return map;
  }
  return single(value, node);
}

function readEntry(map: JsonObject, value: bigint | Uint8Array, items: Schema): void {
  if (typeof value === 'bigint') throw malformed();
  let key = '';
  let item: Json | undefined;
  for (const field of wireFields(value)) {
    if (field.number === 1) key = textOf(field.value);
    else if (field.number === 2) item = items['type'] === 'array' ? wrappedList(field.value, items) : single(field.value, items);
  }
  map[key] = item ?? (items['type'] === 'string' ? '' : null);
}

/** A list inside a map is a message of its own, with the items as its first field. */
function wrappedList(value: bigint | Uint8Array, node: Schema): Json {
  if (typeof value === 'bigint') throw malformed();
  const items = isObject(node['items']) ? node['items'] : {};
  return [...wireFields(value)].filter(({ number }) => number === 1).map((field) => single(field.value, items));
}

function single(value: bigint | Uint8Array, node: Schema): Json {
  const ref = node['$ref'];
  if (typeof ref === 'string') return referred(value, ref.slice(REF_PREFIX.length));
  switch (node['type']) {
    case 'string':
      return node['format'] === 'byte' && typeof value !== 'bigint' ? Buffer.from(value).toString('base64') : textOf(value);
    case 'boolean':
      return value !== 0n;
    case 'integer':
      return numberOf(value);
    case 'number':
      return typeof value === 'bigint' ? Number(value) : new DataView(value.buffer, value.byteOffset, 8).getFloat64(0, true);
    default:
      return null;
  }
}

function referred(value: bigint | Uint8Array, name: string): Json {
  if (typeof value === 'bigint') throw malformed();
  const special = SPECIAL_MESSAGES[name];
  if (special) return special(value, jsonSchema);
  const from = shape(name);
  if (!from) return null;
  return isObject(from.schema['properties']) ? message(value, from) : wrappedOrPlain(value, from.schema);
}

function jsonSchema(bytes: Uint8Array): JsonObject {
  const from = shape('io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps');
  return from ? message(bytes, from) : {};
}

function wrappedOrPlain(value: Uint8Array, node: Schema): Json {
  return node['type'] === 'array' ? wrappedList(value, node) : single(value, node);
}
