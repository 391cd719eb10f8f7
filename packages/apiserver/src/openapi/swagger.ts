import { isObject, type Json, type JsonObject } from '../json.ts';
import { REF_PREFIX } from '../kinds/index.ts';

const V2_PREFIX = '#/definitions/';
// OpenAPI v2 has no words for these; a definition without them is still right, only less exact.
const UNKNOWN_TO_V2 = new Set(['nullable', 'anyOf', 'oneOf', 'not']);
// Values, not schemas: what looks like a schema in them is none.
const DATA = new Set(['default', 'enum', 'example']);
const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);

/** A v3 document as OpenAPI v2 says it, for clients that know only that. */
export function swaggerOf(document: { readonly paths: JsonObject; readonly schemas: JsonObject; readonly version: string }): JsonObject {
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: document.version },
    paths: mapValues(document.paths, pathItem),
    definitions: mapValues(document.schemas, (schema) => definition(schema)),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  };
}

function definition(schema: Json): Json {
  if (isObject(schema) && schema['x-kubernetes-preserve-unknown-fields'] === true && schema['properties']) {
    const { properties: _, ...rest } = schema;
    return node(rest);
  }
  return node(schema);
}

function node(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.map(node);
  if (!isObject(value)) return value ?? null;
  const alone = singleReference(value);
  if (alone !== undefined) return node(alone);
  const known = Object.entries(value).filter(([key]) => !UNKNOWN_TO_V2.has(key));
  return Object.fromEntries(known.map(([key, part]) => [key, keyword(key, part)]));
}

function keyword(key: string, part: Json | undefined): Json {
  if (key === '$ref' && typeof part === 'string') return part.replace(REF_PREFIX, V2_PREFIX);
  if (key === 'properties' && isObject(part)) return mapValues(part, node);
  return DATA.has(key) ? (part ?? null) : node(part);
}

/** `allOf` around one reference is how v3 adds words to it; v2 writes them beside it. */
function singleReference(value: JsonObject): JsonObject | undefined {
  const { allOf, default: _, ...rest } = value;
  const only = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  return isObject(only) && typeof only['$ref'] === 'string' ? { ...rest, ...only } : undefined;
}

function pathItem(item: Json): Json {
  if (!isObject(item)) return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => {
      if (key === 'parameters' && Array.isArray(value)) return [key, value.map(parameter)];
      return [key, METHODS.has(key) && isObject(value) ? operation(value) : (value ?? null)];
    }),
  );
}

function operation({ requestBody, responses, parameters, ...rest }: JsonObject): JsonObject {
  const own = Array.isArray(parameters) ? parameters.map(parameter) : [];
  const content = isObject(requestBody) && isObject(requestBody['content']) ? requestBody['content'] : undefined;
  const schema = content && Object.values(content).find(isObject)?.['schema'];
  const body =
    schema === undefined
      ? []
      : [{ name: 'body', in: 'body', required: isObject(requestBody) && requestBody['required'] === true, schema: node(schema) }];
  return {
    ...rest,
    consumes: content ? Object.keys(content) : ['*/*'],
    produces: ['application/json', 'application/yaml'],
    parameters: [...body, ...own],
    responses: isObject(responses) ? mapValues(responses, response) : {},
  };
}

function response(answer: Json): Json {
  if (!isObject(answer)) return answer;
  const { content, description } = answer;
  const schema = isObject(content) ? Object.values(content).find(isObject)?.['schema'] : undefined;
  return { description: description ?? '', ...(schema === undefined ? {} : { schema: node(schema) }) };
}

function parameter(one: Json): Json {
  if (!isObject(one)) return one;
  const { schema, ...rest } = one;
  return isObject(schema) ? { ...rest, ...schema } : rest;
}

function mapValues(object: JsonObject, change: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value ?? null)]));
}
