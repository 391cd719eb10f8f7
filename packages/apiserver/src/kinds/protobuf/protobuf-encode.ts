import { ProtobufWriter } from '../../codec/protobuf-writer.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';
import { textAt } from '../../json-read.ts';
import type { Schema } from '../../resource.ts';
import { REF_PREFIX, type Shape, shape } from '../shapes.ts';
import { definitionOf, MAGIC, type TypeMeta } from './envelope.ts';
import { SPECIAL_ENCODERS } from './special-encoders.ts';

/** A built-in object, list or Status in Kubernetes' protobuf envelope. https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding-idl */
export function encodeProtobufObject(object: JsonObject): Uint8Array {
  return sealProtobufBody(typeOf(object), encodeProtobufBody(object));
}

/** What the envelope of an object, list or Status holds. */
export function encodeProtobufBody(object: JsonObject): Uint8Array {
  return body(object, typeOf(object));
}

/** The envelope around it. */
export function sealProtobufBody({ apiVersion, kind }: TypeMeta, raw: Uint8Array): Uint8Array {
  const head = new ProtobufWriter().text(1, apiVersion).text(2, kind);
  return Buffer.concat([MAGIC, sealed(head, raw)]);
}

function typeOf(object: JsonObject): TypeMeta {
  return { apiVersion: textAt(object, 'apiVersion'), kind: textAt(object, 'kind') };
}

/** One event of a watch, as it goes over the wire: its length, and a WatchEvent that holds the object in an envelope of its own. */
export function encodeProtobufEvent(type: string, object: JsonObject): Uint8Array {
  const raw = new ProtobufWriter().bytes(1, encodeProtobufObject(object));
  const event = new ProtobufWriter().text(1, type).message(2, raw);
  const head = new ProtobufWriter().text(1, 'v1').text(2, 'WatchEvent');
  const unknown = sealed(head, event.finish());
  const length = Buffer.alloc(4);
  length.writeUInt32BE(MAGIC.length + unknown.length);
  return Buffer.concat([length, MAGIC, unknown]);
}

function sealed(head: ProtobufWriter, raw: Uint8Array): Uint8Array {
  // Neither an encoding nor a content type; Go writes the empty texts, and so do we.
  return new ProtobufWriter().message(1, head).bytes(2, raw).bytes(3, NOTHING).bytes(4, NOTHING).finish();
}

const NOTHING = new Uint8Array();
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

function body(object: JsonObject, type: TypeMeta): Uint8Array {
  if (type.kind === 'PartialObjectMetadataList') return metadataList(object);
  const root = shape(definitionOf(type));
  if (!root) throw new TypeError(`${type.apiVersion} ${type.kind} has no protobuf form`);
  return message(object, root).finish();
}

/** The only list whose definition OpenAPI does not have. */
function metadataList(object: JsonObject): Uint8Array {
  const list = new ProtobufWriter();
  writeValue(list, 1, object['metadata'], { $ref: `${REF_PREFIX}${META}.ListMeta` });
  const items = { type: 'array', items: { $ref: `${REF_PREFIX}${META}.PartialObjectMetadata` } };
  writeValue(list, 2, object['items'], items);
  return list.finish();
}

/** A field of a message: its number, and the property it holds, or the fields that JSON has inlined in its place. */
interface Field {
  readonly number: number;
  readonly name?: string;
  readonly node: Schema;
  readonly inlined: readonly Field[];
}

const plans = new WeakMap<Shape, readonly Field[]>();

function planOf(from: Shape): readonly Field[] {
  let plan = plans.get(from);
  if (!plan) {
    plan = fieldsBelow(from, '');
    plans.set(from, plan);
  }
  return plan;
}

function fieldsBelow(from: Shape, prefix: string): Field[] {
  const properties = isObject(from.schema['properties']) ? from.schema['properties'] : {};
  const below = [...from.proto].filter(([path]) => path.startsWith(prefix));
  const numbers = new Set(below.map(([path]) => Number(path.slice(prefix.length).split('.', 1)[0])));
  return [...numbers]
    .toSorted((a, b) => a - b)
    .map((number) => {
      const name = from.proto.get(`${prefix}${number}`);
      const node = name === undefined ? undefined : properties[name];
      if (name !== undefined && isObject(node)) return { number, name, node, inlined: [] };
      return { number, node: {}, inlined: fieldsBelow(from, `${prefix}${number}.`) };
    });
}

function message(object: JsonObject, from: Shape): ProtobufWriter {
  return fields(object, planOf(from));
}

function fields(object: JsonObject, plan: readonly Field[]): ProtobufWriter {
  const out = new ProtobufWriter();
  for (const { number, name, node, inlined } of plan) {
    if (name !== undefined) writeValue(out, number, object[name], node);
    else out.message(number, fields(object, inlined));
  }
  return out;
}

function writeValue(out: ProtobufWriter, number: number, value: Json | undefined, node: Schema): void {
  if (value === undefined || value === null) return;
  if (Array.isArray(value) && node['type'] === 'array') writeList(out, number, value, node);
  else if (isObject(value) && isObject(node['additionalProperties'])) writeMap(out, number, value, node['additionalProperties']);
  else writeSingle(out, number, value, node);
}

/** Repeated fields are written item by item; an item that is null is an empty message. */
function writeList(out: ProtobufWriter, number: number, list: readonly Json[], node: Schema): void {
  const items = isObject(node['items']) ? node['items'] : {};
  for (const item of list) writeSingle(out, number, item ?? {}, items);
}

function writeMap(out: ProtobufWriter, number: number, map: JsonObject, items: Schema): void {
  for (const key of Object.keys(map).toSorted()) {
    const value = map[key];
    const entry = new ProtobufWriter().bytes(1, Buffer.from(key));
    if (Array.isArray(value) && items['type'] === 'array') entry.message(2, wrappedList(value, items));
    else if (value !== undefined && value !== null) writeSingle(entry, 2, value, items);
    else if (items['$ref'] !== undefined) entry.bytes(2, NOTHING);
    out.message(number, entry);
  }
}

/** A list where a single message stands has the items as its first field. */
function wrappedList(list: readonly Json[], node: Schema): ProtobufWriter {
  const wrapped = new ProtobufWriter();
  writeList(wrapped, 1, list, node);
  return wrapped;
}

function writeSingle(out: ProtobufWriter, number: number, value: Json, node: Schema): void {
  const ref = node['$ref'];
  if (typeof ref === 'string') {
    const nested = referred(value, ref.slice(REF_PREFIX.length));
    if (nested) out.message(number, nested);
  } else if (typeof value === 'string') {
    out.bytes(number, node['format'] === 'byte' ? Buffer.from(value, 'base64') : Buffer.from(value));
  } else if (typeof value === 'boolean') out.varint(number, value ? 1 : 0);
  else if (typeof value === 'bigint') out.varint(number, value);
  else if (typeof value === 'number') writeNumber(out, number, value, node);
}

function writeNumber(out: ProtobufWriter, number: number, value: number, node: Schema): void {
  if (node['type'] === 'number') out.double(number, value);
  else out.varint(number, value);
}

function referred(value: Json, name: string): ProtobufWriter | undefined {
  const special = SPECIAL_ENCODERS[name];
  if (special) return special(value, (schema) => message(schema, shape(JSON_SCHEMA) ?? EMPTY));
  const from = shape(name);
  if (!from) return undefined;
  if (Array.isArray(value)) return wrappedList(value, from.schema);
  return isObject(value) ? message(value, from) : undefined;
}

const JSON_SCHEMA = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
const EMPTY: Shape = { schema: {}, always: new Map(), omitZero: new Set(), proto: new Map() };
