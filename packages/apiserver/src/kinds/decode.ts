import { LabError } from '@crownlabs/std';
import { isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../resource.ts';
import { formatQuantity, QUANTITY_SYNTAX, quantityOf } from '../schema/quantity.ts';
import { REF_PREFIX, type Shape, shape } from './shapes.ts';
import { microTime, wholeSecondTime } from './timestamps.ts';

/**
 * Reads a built-in object as the typed clients of Kubernetes do: unknown fields go, nulls are absent, values of the wrong type are
 * refused, quantities and times take their canonical form, and zero values look as they always look on the wire.
 */
export class Decoder {
  readonly #kind: string;
  readonly #version: string;
  readonly #unknown: (path: string) => void;

  constructor(kind: string, version: string, unknown: (path: string) => void) {
    this.#kind = kind;
    this.#version = version;
    this.#unknown = unknown;
  }

  /** Decodes in place. */
  object(object: JsonObject, definition: string): void {
    const root = shape(definition);
    if (root) this.#fields(object, root, '');
  }

  #refuse(problem: string): never {
    throw new LabError('BadRequest', `${this.#kind} in version "${this.#version}" cannot be handled as a ${this.#kind}: ${problem}`);
  }

  #mismatch(value: Json, path: string, wanted: string): never {
    this.#refuse(`json: cannot unmarshal ${jsonTypeName(value)} into Go struct field ${this.#kind}.${path} of type ${wanted}`);
  }

  #fields(object: JsonObject, from: Shape, path: string): void {
    const properties = from.schema['properties'];
    if (!isObject(properties)) return;
    for (const key of Object.keys(object)) {
      const value = object[key];
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const at = path === '' ? key : `${path}.${key}`;
      const known = isObject(property);
      const decoded = !known || value === undefined || value === null ? undefined : this.#value(value, property, at);
      if (!known) this.#unknown(at);
      if (decoded === undefined) delete object[key];
      else keep(object, key, { decoded, property: known ? property : {}, from });
    }
    this.#fillAlways(object, from, path);
  }

  #fillAlways(object: JsonObject, from: Shape, path: string): void {
    for (const [key, zero] of from.always) {
      if (object[key] !== undefined) continue;
      const property = isObject(from.schema['properties']) ? from.schema['properties'][key] : undefined;
      // A zero struct has fields of its own that are always written.
      object[key] = isObject(zero) && isObject(property) ? this.#value({}, property, `${path}.${key}`) : zero;
    }
  }

  #value(value: Json, node: Schema, path: string): Json {
    const ref = node['$ref'];
    if (typeof ref === 'string') return this.#referred(value, ref.slice(REF_PREFIX.length), path);
    switch (node['type']) {
      case 'object':
        return this.#map(value, node, path);
      case 'array':
        return this.#list(value, node, path);
      case 'string':
        return this.#text(value, node, path);
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#mismatch(value, path, 'bool');
      case 'integer':
      case 'number':
        return this.#number(value, node, path);
      default:
        return value;
    }
  }

  #referred(value: Json, name: string, path: string): Json {
    const special = SPECIAL[name];
    if (special) {
      const problem = special.problem(value);
      return problem === undefined ? special.canonical(value) : this.#refuse(problem);
    }
    if (name.startsWith(SCHEMA_OR)) return this.#schemas(value, path);
    const target = shape(name);
    if (!target) return value;
    if (!isObject(target.schema['properties'])) return this.#value(value, target.schema, path);
    if (!isObject(value)) this.#mismatch(value, path, name.split('.').slice(-2).join('.'));
    this.#fields(value, target, path);
    return value;
  }

  /** Where a schema may have another form, schemas are read as such. */
  #schemas(value: Json, path: string): Json {
    if (isObject(value)) return this.#referred(value, SCHEMA, path);
    return Array.isArray(value) ? value.map((item) => (isObject(item) ? this.#referred(item, SCHEMA, path) : item)) : value;
  }

  #map(value: Json, node: Schema, path: string): Json {
    if (!isObject(value)) return this.#mismatch(value, path, 'map[string]interface {}');
    const items = node['additionalProperties'];
    if (!isObject(items)) return value;
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) delete value[key];
      // Typed maps hold the zero value where the wire has null.
      else value[key] = item === null ? zeroOf(items) : this.#value(item, items, `${path}.${key}`);
    }
    return value;
  }

  #list(value: Json, node: Schema, path: string): Json {
    if (!Array.isArray(value)) return this.#mismatch(value, path, '[]interface {}');
    const items = isObject(node['items']) ? node['items'] : {};
    return value.map((item, index) => (item === null ? zeroOf(items) : this.#value(item, items, `${path}[${index}]`)));
  }

  #text(value: Json, node: Schema, path: string): Json {
    if (typeof value !== 'string') return this.#mismatch(value, path, 'string');
    if (node['format'] === 'byte') {
      const at = badBase64(value);
      if (at >= 0) this.#refuse(`illegal base64 data at input byte ${at}`);
    }
    return value;
  }

  #number(value: Json, node: Schema, path: string): Json {
    const format = typeof node['format'] === 'string' ? node['format'] : 'int64';
    if (typeof value !== 'number' && typeof value !== 'bigint') return this.#mismatch(value, path, format);
    if (node['type'] === 'number') return value;
    const whole = typeof value === 'bigint' || Number.isInteger(value);
    const fits = format !== 'int32' || (value >= -2147483648 && value <= 2147483647);
    if (whole && fits) return value;
    return this.#refuse(`json: cannot unmarshal number ${value} into Go struct field ${this.#kind}.${path} of type ${format}`);
  }
}

/** Writes a field the way it is always written when it holds nothing. */
function keep(object: JsonObject, key: string, { decoded, property, from }: { decoded: Json; property: Schema; from: Shape }): void {
  if (!isZero(decoded)) object[key] = decoded;
  else if (from.omitZero.has(key)) delete object[key];
  // An empty list is stored as none, and none is written as null where the field is always there.
  else object[key] = from.always.get(key) === null && Array.isArray(decoded) && property['$ref'] === undefined ? null : decoded;
}

function jsonTypeName(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

function isZero(value: Json): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

function zeroOf(node: Schema): Json {
  switch (node['type']) {
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    default:
      // A time that is not set is null; any other message is an empty one.
      return typeof node['$ref'] === 'string' && !node['$ref'].endsWith('Time') ? {} : null;
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Where base64 goes wrong, -1 if it does not. */
function badBase64(text: string): number {
  const packed = text.replace(/[\r\n]/g, '');
  if (BASE64.test(packed)) return -1;
  const odd = packed.search(/[^A-Za-z0-9+/]/);
  return odd >= 0 ? odd : packed.length - (packed.length % 4);
}

interface Special {
  problem(value: Json): string | undefined;
  canonical(value: Json): Json;
}

const quantity: Special = {
  problem: (value) => (quantityOf(value) === undefined ? QUANTITY_SYNTAX : undefined),
  canonical(value) {
    const read = quantityOf(value);
    return read === undefined ? value : formatQuantity(read);
  },
};

const intOrString: Special = {
  problem: (value) =>
    typeof value === 'string' || (typeof value === 'number' && Number.isInteger(value))
      ? undefined
      : `json: cannot unmarshal ${jsonTypeName(value)} into Go value of type int32`,
  canonical: (value) => value,
};

function time(canonical: (text: string) => string | undefined): Special {
  return {
    problem: (value) =>
      typeof value === 'string' && canonical(value) !== undefined
        ? undefined
        : `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse`,
    canonical: (value) => (typeof value === 'string' ? (canonical(value) ?? value) : value),
  };
}

const anything: Special = { problem: () => undefined, canonical: (value) => value };
const jsonObject: Special = { problem: (value) => (isObject(value) ? undefined : 'json: cannot unmarshal'), canonical: (value) => value };

const SCHEMA = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';
const SCHEMA_OR = `${SCHEMA}Or`;

/** Types that read themselves. */
const SPECIAL: Readonly<Record<string, Special>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': quantity,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': time(wholeSecondTime),
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': time(microTime),
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': jsonObject,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': anything,
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': anything,
};
