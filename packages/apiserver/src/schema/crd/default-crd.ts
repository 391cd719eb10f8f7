import { isObject, type Json, type JsonObject } from '../../json.ts';

/** Fields of a schema that say nothing when they are empty, and are not kept then. */
const EMPTY_MEANS_ABSENT = new Set(
  (
    'allOf anyOf definitions dependencies description enum exclusiveMaximum exclusiveMinimum format id nullable oneOf pattern patternProperties ' +
    'properties required title type uniqueItems x-kubernetes-embedded-resource x-kubernetes-int-or-string x-kubernetes-list-map-keys ' +
    'x-kubernetes-validations $schema'
  ).split(' '),
);
const SCHEMA_MAPS = ['properties', 'definitions', 'patternProperties'];
const SCHEMA_LISTS = ['allOf', 'anyOf', 'oneOf'];
const SCHEMAS = ['items', 'not', 'additionalProperties', 'additionalItems'];

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/** Brings a schema, in place, into the form in which it is kept. */
function normalizeSchema(schema: Json | undefined): void {
  if (!isObject(schema)) return;
  for (const name of SCHEMA_MAPS) {
    const members = schema[name];
    for (const member of isObject(members) ? Object.values(members) : []) normalizeSchema(member);
  }
  for (const name of SCHEMA_LISTS) {
    const members = schema[name];
    for (const member of Array.isArray(members) ? members : []) normalizeSchema(member);
  }
  for (const name of SCHEMAS) normalizeSchema(schema[name]);
  for (const name of Object.keys(schema)) if (EMPTY_MEANS_ABSENT.has(name) && isEmpty(schema[name])) delete schema[name];
}

function defaultNames(names: JsonObject): void {
  const { kind } = names;
  if (typeof kind !== 'string' || kind === '') return;
  if (isEmpty(names['singular'])) names['singular'] = kind.toLowerCase();
  if (isEmpty(names['listKind'])) names['listKind'] = `${kind}List`;
}

function defaultConversion(spec: JsonObject): void {
  spec['conversion'] ??= { strategy: 'None' };
  const conversion = spec['conversion'];
  const webhook = isObject(conversion) ? conversion['webhook'] : undefined;
  const client = isObject(webhook) ? webhook['clientConfig'] : undefined;
  const service = isObject(client) ? client['service'] : undefined;
  if (isObject(service)) service['port'] ??= 443;
}

/** Fills in, in place, what a CustomResourceDefinition leaves open: singular, list kind, conversion. */
export function defaultCrd(crd: JsonObject): void {
  const { spec } = crd;
  if (!isObject(spec)) return;
  spec['names'] ??= {};
  if (isObject(spec['names'])) defaultNames(spec['names']);
  defaultConversion(spec);
  for (const version of Array.isArray(spec['versions']) ? spec['versions'] : []) {
    const schema = isObject(version) ? version['schema'] : undefined;
    if (isObject(schema)) normalizeSchema(schema['openAPIV3Schema']);
  }
}
