import { LabError } from '@crownlabs/std';
import type { Incoming } from '../exchange.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { StatusError } from '../status-error.ts';
import { parseJson } from './json-parse.ts';
import { parseYaml } from './yaml.ts';

/** A decoded body: what it says, and what a strict reader objects to. */
export interface Body {
  readonly value: Json;
  /** `duplicate field "metadata.name"`: refused when strict, warned about otherwise. */
  readonly complaints: readonly string[];
  readonly yaml: boolean;
}

/** The largest body, in bytes. */
export const BODY_LIMIT = 3 * 1024 * 1024;

/** The media type without parameters; JSON when nothing is said. */
export function mediaType(header: string | undefined): string {
  const type = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return type === '' ? 'application/json' : type;
}

/** What a request brought: bytes, or, within the process, what they would say. */
export type RawBody = Uint8Array | { readonly value: Json };

/** The body of a request. */
export async function rawBody(incoming: Pick<Incoming, 'body' | 'value'>): Promise<RawBody> {
  return incoming.value ? { value: incoming.value(BODY_LIMIT) } : incoming.body(BODY_LIMIT);
}

/** A JSON or YAML body. A YAML body may be JSON, which is YAML too, and is read faster. */
export function parseBody(raw: RawBody, yaml: boolean): Body {
  if (!ArrayBuffer.isView(raw)) return { value: raw.value, complaints: [], yaml: false };
  const text = utf8(raw);
  if (!yaml || /^\s*[{[]/.test(text)) {
    const json = tryJson(text, yaml);
    if (json) return { value: json.value, complaints: json.duplicates.map((path) => `duplicate field "${path}"`), yaml: false };
  }
  const { value, duplicates } = parseYaml(text);
  return { value, complaints: duplicates, yaml: true };
}

function tryJson(text: string, orElse: boolean): ReturnType<typeof parseJson> | undefined {
  try {
    return parseJson(text);
  } catch (error) {
    if (orElse && error instanceof LabError) return undefined;
    throw error;
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

function utf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new LabError('BadRequest', 'invalid character: the body is not valid UTF-8', { cause });
  }
}

/** 415, with what would have been accepted. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** 413. */
export function tooLarge(): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`);
}

/** A body that must be an object. */
export function objectBody(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw new LabError('BadRequest', `json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`);
}

/** What Go's decoder calls a JSON value. */
export function goKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'number';
    default:
      return value === null ? 'null' : 'object';
  }
}
