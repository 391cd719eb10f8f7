import { printJson } from '../codec/json-print.ts';
import { ProtobufWriter } from '../codec/protobuf-writer.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { textAt, textsAt } from '../json-read.ts';

/** The media type under which older kubectl asks for OpenAPI v2. */
export const GNOSTIC_ASKED = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The media type of the answer: an @ is not allowed there. */
export const GNOSTIC = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const write = () => new ProtobufWriter();

/** An OpenAPI v2 document in the protobuf form of gnostic. Field numbers: https://github.com/google/gnostic/blob/main/openapiv2/OpenAPIv2.proto */
export function gnosticV2(document: JsonObject): Uint8Array {
  const info = write()
    .text(1, textAt(document, 'info', 'title'))
    .text(2, textAt(document, 'info', 'version'));
  const paths = write();
  for (const [path, item] of entries(document['paths'])) paths.message(2, named(path, pathItem(item)));
  const definitions = write();
  for (const [name, schema] of entries(document['definitions'])) definitions.message(1, named(name, schemaMessage(schema)));
  return write().text(1, '2.0').message(2, info).message(8, paths).message(9, definitions).finish();
}

function entries(value: Json | undefined): [string, JsonObject][] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter((entry): entry is [string, JsonObject] => isObject(entry[1]));
}

function named(name: string, message: ProtobufWriter): ProtobufWriter {
  return write().text(1, name).message(2, message);
}

const METHOD_FIELD: Readonly<Record<string, number>> = { get: 2, put: 3, post: 4, delete: 5, patch: 8 };

function pathItem(item: JsonObject): ProtobufWriter {
  const message = write();
  for (const [method, operation] of entries(item)) {
    const field = METHOD_FIELD[method];
    if (field !== undefined) message.message(field, operationMessage(operation));
  }
  for (const parameter of list(item['parameters'])) message.message(9, parameterItem(parameter));
  return extensions(message, 10, item);
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function operationMessage(operation: JsonObject): ProtobufWriter {
  const message = write().text(5, textAt(operation, 'operationId'));
  for (const type of textsAt(operation, 'produces')) message.text(6, type);
  for (const type of textsAt(operation, 'consumes')) message.text(7, type);
  for (const parameter of list(operation['parameters'])) message.message(8, parameterItem(parameter));
  const responses = write();
  for (const [code, response] of entries(operation['responses'])) responses.message(1, named(code, responseValue(response)));
  return extensions(message.message(9, responses), 13, operation);
}

function responseValue(response: JsonObject): ProtobufWriter {
  const body = write().text(1, textAt(response, 'description'));
  if (isObject(response['schema'])) body.message(2, write().message(1, schemaMessage(response['schema'])));
  return write().message(1, body);
}

/** A ParametersItem that holds a Parameter: a body, or a non-body parameter in query or path. */
function parameterItem(parameter: JsonObject): ProtobufWriter {
  const place = textAt(parameter, 'in');
  const name = textAt(parameter, 'name');
  if (place === 'body') {
    const body = write()
      .text(2, name)
      .text(3, 'body')
      .bool(4, parameter['required'] === true);
    if (isObject(parameter['schema'])) body.message(5, schemaMessage(parameter['schema']));
    return write().message(1, write().message(1, body));
  }
  const inPath = place === 'path';
  const own = write()
    .bool(1, parameter['required'] === true)
    .text(2, place)
    .text(4, name);
  // Path parameters have no allowEmptyValue, so their type comes one number earlier.
  own.text(inPath ? 5 : 6, textAt(parameter, 'type'));
  return write().message(1, write().message(2, write().message(inPath ? 4 : 3, own)));
}

function schemaMessage(schema: JsonObject): ProtobufWriter {
  const message = write().text(1, textAt(schema, '$ref')).text(2, textAt(schema, 'format')).text(4, textAt(schema, 'description'));
  if (schema['default'] !== undefined) message.message(5, any(schema['default']));
  for (const name of textsAt(schema, 'required')) message.text(19, name);
  const values = schema['enum'];
  if (Array.isArray(values)) for (const value of values) message.message(20, any(value));
  const additional = schema['additionalProperties'];
  if (isObject(additional)) message.message(21, write().message(1, schemaMessage(additional)));
  if (typeof schema['type'] === 'string') message.message(22, write().text(1, schema['type']));
  if (isObject(schema['items'])) message.message(23, write().message(1, schemaMessage(schema['items'])));
  const properties = write();
  for (const [name, property] of entries(schema['properties'])) properties.message(1, named(name, schemaMessage(property)));
  if (isObject(schema['properties'])) message.message(25, properties);
  return extensions(message, 31, schema);
}

/** `x-` keys: a name and its value as YAML, of which JSON is a part. */
function extensions(message: ProtobufWriter, field: number, of: JsonObject): ProtobufWriter {
  for (const [key, value] of Object.entries(of)) {
    if (key.startsWith('x-') && value !== undefined) message.message(field, named(key, any(value)));
  }
  return message;
}

function any(value: Json): ProtobufWriter {
  return write().text(2, `${printJson(value)}\n`);
}
