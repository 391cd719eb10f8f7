import { printJson } from '../../codec/json-print.ts';
import { ProtobufWriter } from '../../codec/protobuf-writer.ts';
import { isObject, type Json, type JsonObject } from '../../json.ts';

/** Writes the schema of a property, for the messages that hold one. */
type WriteSchema = (schema: JsonObject) => ProtobufWriter;

type Encoder = (value: Json, schema: WriteSchema) => ProtobufWriter;

const CRDS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Messages whose JSON is not an object of their fields. */
export const SPECIAL_ENCODERS: Readonly<Record<string, Encoder>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': (value) => new ProtobufWriter().text(1, textOf(value)),
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': time,
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': time,
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': rawJson,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': rawJson,
  [`${CRDS}.JSON`]: rawJson,
  [`${CRDS}.JSONSchemaPropsOrBool`]: (value, schema) =>
    isObject(value) ? new ProtobufWriter().varint(1, 1).message(2, schema(value)) : new ProtobufWriter().varint(1, value === true ? 1 : 0),
  [`${CRDS}.JSONSchemaPropsOrArray`]: (value, schema) => {
    const out = new ProtobufWriter();
    if (Array.isArray(value)) for (const one of value) out.message(2, schema(isObject(one) ? one : {}));
    else if (isObject(value)) out.message(1, schema(value));
    return out;
  },
  [`${CRDS}.JSONSchemaPropsOrStringArray`]: (value, schema) => {
    const out = new ProtobufWriter();
    if (Array.isArray(value)) for (const one of value) out.bytes(2, Buffer.from(textOf(one)));
    else if (isObject(value)) out.message(1, schema(value));
    return out;
  },
};

function intOrString(value: Json): ProtobufWriter {
  // All three fields, as Go writes them.
  const isText = typeof value === 'string';
  const number = typeof value === 'number' ? value : 0;
  return new ProtobufWriter()
    .varint(1, isText ? 1 : 0)
    .varint(2, number)
    .bytes(3, Buffer.from(isText ? value : ''));
}

function time(value: Json): ProtobufWriter {
  const text = textOf(value);
  const seconds = Math.floor(Date.parse(text.replace(/\.\d+/, '')) / 1000);
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return new ProtobufWriter().varint(1, seconds).varint(2, Number(fraction.padEnd(9, '0').slice(0, 9)));
}

function rawJson(value: Json): ProtobufWriter {
  return new ProtobufWriter().text(1, printJson(value));
}

/** The text of what the decoder has let through as one: canonical quantities are texts, and so are times. */
function textOf(value: Json): string {
  return typeof value === 'string' ? value : printJson(value);
}
