import { isObject, type Json, type JsonObject } from '../../json.ts';
import { malformed, wireFields } from './wire.ts';

/** Reads the schema of a property, for the messages that hold one. */
type ReadSchema = (bytes: Uint8Array) => JsonObject;

const CRDS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Messages whose JSON is not an object of their fields. */
export const SPECIAL_MESSAGES: Readonly<Record<string, (bytes: Uint8Array, schema: ReadSchema) => Json>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': (bytes) => textField(bytes, 1) || '0',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': (bytes) => time(bytes, 0),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': (bytes) => time(bytes, 6),
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': rawJson,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': rawJson,
  [`${CRDS}.JSON`]: rawJson,
  [`${CRDS}.JSONSchemaPropsOrBool`]: schemaOrBool,
  [`${CRDS}.JSONSchemaPropsOrArray`]: (bytes, schema) => schemaOrList(bytes, schema, schema),
  [`${CRDS}.JSONSchemaPropsOrStringArray`]: (bytes, schema) => schemaOrList(bytes, schema, textOf),
};

function schemaOrBool(bytes: Uint8Array, schema: ReadSchema): Json {
  let allows = false;
  for (const { number, value } of wireFields(bytes)) {
    if (number === 2 && typeof value !== 'bigint') return schema(value);
    if (number === 1) allows = value === 1n;
  }
  return allows;
}

function schemaOrList(bytes: Uint8Array, schema: ReadSchema, item: (bytes: Uint8Array) => Json): Json {
  const list: Json[] = [];
  for (const { number, value } of wireFields(bytes)) {
    if (typeof value === 'bigint') throw malformed();
    if (number === 1) return schema(value);
    if (number === 2) list.push(item(value));
  }
  return list;
}

/** Bytes as UTF-8. */
export function textOf(value: bigint | Uint8Array): string {
  if (typeof value === 'bigint') throw malformed();
  return Buffer.from(value).toString('utf8');
}

/** A number where it fits, else a bigint. */
export function numberOf(value: bigint | Uint8Array): number | bigint {
  if (typeof value !== 'bigint') throw malformed();
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function textField(bytes: Uint8Array, number: number): string {
  let text = '';
  for (const field of wireFields(bytes)) if (field.number === number) text = textOf(field.value);
  return text;
}

function intOrString(bytes: Uint8Array): Json {
  let isText = false;
  let number: Json = 0;
  let text = '';
  for (const field of wireFields(bytes)) {
    if (field.number === 1) isText = field.value === 1n;
    else if (field.number === 2) number = numberOf(field.value);
    else if (field.number === 3) text = textOf(field.value);
  }
  return isText ? text : number;
}

function time(bytes: Uint8Array, decimals: number): Json {
  let seconds = 0;
  let nanos = 0;
  for (const field of wireFields(bytes)) {
    if (field.number === 1) seconds = Number(numberOf(field.value));
    else if (field.number === 2) nanos = Number(numberOf(field.value));
  }
  // A time that was never set is an empty message.
  if (bytes.length === 0) return null;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw malformed();
  const fraction = decimals === 0 ? '' : `.${String(nanos).padStart(9, '0').slice(0, decimals)}`;
  return `${date.toISOString().slice(0, 19)}${fraction}Z`;
}

function rawJson(bytes: Uint8Array): Json {
  const text = textField(bytes, 1);
  if (text === '') return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) || Array.isArray(parsed) ? (parsed as JsonObject) : (parsed as Json);
  } catch {
    throw malformed();
  }
}
