import { LabError, messageOf } from '@crownlabs/std';
import { BODY_LIMIT, type Body, goKind, mediaType, objectBody, parseBody, type RawBody, rawBody, unsupportedMediaType } from '../codec/body.ts';
import { PROTOBUF } from '../codec/negotiate.ts';
import { decodeProtobuf } from '../codec/protobuf.ts';
import { isObject, type JsonObject } from '../json.ts';
import { objectAt, textAt } from '../json-read.ts';
import { isBuiltInKind } from '../kinds/index.ts';
import { metadataOf } from '../object-meta.ts';
import type { ResourceCall } from '../pipeline.ts';
import type { ResourceInfo } from '../resource.ts';
import { invalid as fieldInvalid } from '../schema/index.ts';
import { invalid } from '../status-error.ts';
import { apiVersionOf } from '../storage/stored-object.ts';
import { nextTurn, overdue } from '../turn.ts';
import type { WriteOptions } from '../write-options.ts';

const BUILT_IN_TYPES = ['application/json', 'application/yaml', PROTOBUF];
const CUSTOM_TYPES = ['application/json', 'application/yaml'];

/** Reads the object of a create or replace: parsed, of the right kind, without unknown fields, with defaults. */
export async function decodeObject(call: ResourceCall, body: ResourceInfo, options: WriteOptions): Promise<JsonObject> {
  const bytes = await rawBody(call.incoming);
  if (overdue()) await nextTurn();
  const { value, complaints } = readBody(call, body, bytes);
  const object = demandKind(body, value);
  if (overdue()) await nextTurn();
  const unknown = normalize(body, object);
  if (overdue()) await nextTurn();
  complain(call, options, [...complaints, ...unknown], (list) => cannotHandle(body, body.kind, `strict decoding error: ${list}`));
  return object;
}

/** Reads the body of an action on an object that is stored nowhere, such as a Binding or an Eviction. */
export async function decodeAction({ incoming }: ResourceCall): Promise<JsonObject> {
  const bytes = await incoming.body(BODY_LIMIT);
  const type = mediaType(incoming.headers['content-type']);
  if (!BUILT_IN_TYPES.includes(type)) throw unsupportedMediaType(BUILT_IN_TYPES);
  return objectBody(type === PROTOBUF ? decodeProtobuf(bytes) : parseBody(bytes, type === 'application/yaml').value);
}

function readBody(call: ResourceCall, body: ResourceInfo, bytes: RawBody): Body {
  const type = mediaType(call.incoming.headers['content-type']);
  const accepted = body.custom ? CUSTOM_TYPES : BUILT_IN_TYPES;
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  if (type === PROTOBUF && ArrayBuffer.isView(bytes)) return { value: decodeProtobuf(bytes), complaints: [], yaml: false };
  const yaml = type === 'application/yaml';
  try {
    return parseBody(bytes, yaml);
  } catch (error) {
    const why = yaml ? messageOf(error) : `couldn't get version/kind; json parse error: ${messageOf(error)}`;
    throw new LabError('BadRequest', `the object provided is unrecognized (must be of type ${body.kind}): ${why}`, { cause: error });
  }
}

/** The object, whose kind and version must be those of the endpoint. Built-in kinds may leave them out. */
function demandKind(body: ResourceInfo, value: Body['value']): JsonObject {
  if (!isObject(value)) {
    const why = `couldn't get version/kind; json parse error: json: cannot unmarshal ${goKind(value)} into Go value of type struct`;
    throw new LabError('BadRequest', `the object provided is unrecognized (must be of type ${body.kind}): ${why}`);
  }
  const kind = textAt(value, 'kind');
  demandVersion(body, value, kind);
  if (body.custom) demandOwnType(body, value);
  if (kind !== '' && kind !== body.kind) {
    const converting = `converting (${body.version}.${kind}) to (${goPackage(body)}.${body.kind}): unknown conversion`;
    const known = isBuiltInKind(body.group, body.version, kind);
    throw cannotHandle(body, kind, known ? converting : notRegistered(kind, apiVersionOf(body)));
  }
  value['kind'] = body.kind;
  value['apiVersion'] = apiVersionOf(body);
  return value;
}

/** The Go package of a group's kinds, as conversions name it. */
function goPackage({ group }: ResourceInfo): string {
  return group === '' || group === 'events.k8s.io' ? 'core' : (group.split('.')[0] ?? group);
}

/** A custom object says which kind it is, and says it right; what it says is what the refusal is about. */
export function demandOwnType(info: ResourceInfo, value: JsonObject): void {
  const kind = textAt(value, 'kind');
  const apiVersion = textAt(value, 'apiVersion');
  const expected = apiVersionOf(info);
  if (kind === '' || apiVersion === '') return;
  const errors = [];
  if (kind !== info.kind) errors.push(fieldInvalid('kind', kind, `must be ${info.kind}`));
  if (apiVersion !== expected) errors.push(fieldInvalid('apiVersion', apiVersion, `must be ${expected}`));
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  if (errors.length > 0) throw invalid({ group, kind }, textAt(value, 'metadata', 'name'), errors);
}

function demandVersion(body: ResourceInfo, value: JsonObject, kind: string): void {
  const apiVersion = textAt(value, 'apiVersion');
  const expected = apiVersionOf(body);
  if (body.custom && kind === '') throw new LabError('BadRequest', `Object 'Kind' is missing in '${shown(value)}'`);
  if (body.custom && apiVersion === '') throw new LabError('BadRequest', `Object 'apiVersion' is missing in '${shown(value)}'`);
  if (apiVersion === '' || apiVersion === expected) return;
  if (sameGroup(apiVersion, expected) || body.custom) {
    throw new LabError('BadRequest', `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`);
  }
  throw cannotHandle(body, kind === '' ? body.kind : kind, notRegistered(kind, apiVersion));
}

/** Clients know the text, with the place where Kubernetes keeps its kinds. */
export function notRegistered(kind: string, apiVersion: string): string {
  return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
}

function sameGroup(a: string, b: string): boolean {
  return a.includes('/') && b.includes('/') && a.split('/')[0] === b.split('/')[0];
}

function shown(value: JsonObject): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

function cannotHandle(body: ResourceInfo, kind: string, why: string): LabError {
  return new LabError('BadRequest', `${kind} in version "${body.version}" cannot be handled as a ${body.kind}: ${why}`);
}

/** Prunes and defaults in place; the complaints of a strict reader. */
export function normalize(info: ResourceInfo, object: JsonObject): string[] {
  const complaints: string[] = [];
  const managers = objectAt(object, 'metadata')?.['managedFields'];
  info.prune(
    object,
    (path) => complaints.push(`unknown field "${path}"`),
    (path, why) => {
      throw cannotHandle(info, info.kind, `${path}: ${why}`);
    },
  );
  // An empty list means "forget who owns what", so it must not vanish with other empty values.
  if (Array.isArray(managers) && managers.length === 0) metadataOf(object)['managedFields'] = managers;
  info.applyDefaults(object);
  return complaints;
}

/** What happens to complaints depends on `fieldValidation`: refused, warned about, or ignored. */
export function complain(
  call: ResourceCall,
  { fieldValidation }: Pick<WriteOptions, 'fieldValidation'>,
  complaints: readonly string[],
  refuse: (list: string) => LabError,
): void {
  if (complaints.length === 0 || fieldValidation === 'Ignore') return;
  if (fieldValidation === 'Strict') throw refuse(strictText(complaints));
  for (const complaint of complaints) call.warnings.add(complaint);
}

function strictText(complaints: readonly string[]): string {
  const fromYaml = complaints.filter((one) => one.startsWith('line '));
  const rest = complaints.filter((one) => !one.startsWith('line '));
  const lines = fromYaml.map((one) => `\n  ${one}`).join('');
  return [...(fromYaml.length > 0 ? [`yaml: unmarshal errors:${lines}`] : []), ...rest].join(', ');
}
