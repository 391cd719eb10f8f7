import { LabError, messageOf } from '@crownlabs/std';
import { type Body, goKind, mediaType, parseBody, type RawBody, rawBody, unsupportedMediaType } from '../codec/body.ts';
import { PROTOBUF } from '../codec/negotiate.ts';
import { decodeProtobuf } from '../codec/protobuf.ts';
import { isObject, type JsonObject } from '../json.ts';
import { objectAt, textAt } from '../json-read.ts';
import { goPackage, knownKind } from '../kinds/index.ts';
import { metadataOf } from '../object-meta.ts';
import type { ResourceCall } from '../pipeline.ts';
import type { ResourceInfo } from '../resource.ts';
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
    throw unrecognized(body, why);
  }
  if (body.custom) demandOwnVersion(body, value);
  else demandKnownKind(body, value);
  // A custom object that says it is something else is found out when it is judged.
  if (!body.custom) value['kind'] = body.kind;
  value['apiVersion'] = apiVersionOf(body);
  return value;
}

function demandOwnVersion(body: ResourceInfo, value: JsonObject): void {
  demandTexts(body, value);
  if (textAt(value, 'kind') === '') throw unrecognized(body, `Object 'Kind' is missing in '${shown(value)}'`, value);
  const said = textAt(value, 'apiVersion');
  if (said.split('/').length > 2) throw unrecognized(body, `unexpected GroupVersion string: ${said}`, value);
  if (said !== apiVersionOf(body)) throw otherVersion(said.replace(/^\//, ''), apiVersionOf(body));
}

function otherVersion(apiVersion: string, expected: string): LabError {
  return new LabError('BadRequest', `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`);
}

/** Built-in kinds may be written in any version that Kubernetes can read, but only that of the endpoint is taken. */
function demandKnownKind(body: ResourceInfo, value: JsonObject): void {
  if (value['kind'] === body.kind && value['apiVersion'] === apiVersionOf(body)) return;
  demandTexts(body, value);
  const { said, group, version, kind } = writtenAs(body, value);
  const known = knownKind(body.group, group, version, kind);
  const read = { kind: body.kind, version };
  if (!known) throw cannotHandle(read, kind, notRegistered(kind, group === '' ? version : `${group}/${version}`));
  if (kind !== body.kind || known.group !== (body.group === 'events.k8s.io' ? '' : body.group))
    throw cannotHandle(read, kind, `converting (${version}.${kind}) to (${goPackage(body)}.${body.kind}): unknown conversion`);
  // Evictions are taken in their older version too.
  const taken = group === body.group && (version === body.version || kind === 'Eviction');
  if (!taken) throw otherVersion(said, apiVersionOf(body));
}

/** What a body says it is; what it leaves out is as the endpoint has it. */
function writtenAs(body: ResourceInfo, value: JsonObject) {
  const said = textAt(value, 'apiVersion');
  const kind = textAt(value, 'kind') || body.kind;
  const [first = '', second, ...more] = said.split('/');
  if (more.length > 0) throw unrecognized(body, `unexpected GroupVersion string: ${said}`, value);
  if (said === '') return { said, group: body.group, version: body.version, kind };
  return second === undefined ? { said, group: '', version: first, kind } : { said, group: first, version: second, kind };
}

/** A refusal that ends with how the body begins. */
function unrecognized(body: Pick<ResourceInfo, 'kind'>, why: string, value?: JsonObject): LabError {
  const text = value === undefined ? '' : shown(value);
  const excerpt = value === undefined ? '' : ` (${text.length > 30 ? `${text.slice(0, 30)} ...` : text})`;
  return new LabError('BadRequest', `the object provided is unrecognized (must be of type ${body.kind}): ${why}${excerpt}`);
}

/** What says the kind of a built-in object is text, whatever the rest of it is. */
function demandTexts(body: ResourceInfo, value: JsonObject): void {
  for (const field of ['apiVersion', 'kind']) {
    const said = value[field];
    if (said === undefined || said === null || typeof said === 'string') continue;
    const why = `json: cannot unmarshal ${goKind(said)} into Go struct field .${field} of type string`;
    throw unrecognized(body, `couldn't get version/kind; json parse error: ${why}`);
  }
}

/** Clients know the text, with the place where Kubernetes keeps its kinds. */
export function notRegistered(kind: string, apiVersion: string): string {
  return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
}

function shown(value: JsonObject): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

function cannotHandle(body: Pick<ResourceInfo, 'kind' | 'version'>, kind: string, why: string): LabError {
  return new LabError('BadRequest', `${kind} in version "${body.version}" cannot be handled as a ${body.kind}: ${why}`);
}

/** Prunes and defaults in place; the complaints of a strict reader. */
export function normalize(info: ResourceInfo, object: JsonObject, applied = false): string[] {
  const complaints: string[] = [];
  const managers = objectAt(object, 'metadata')?.['managedFields'];
  info.prune(
    object,
    (path) => complaints.push(`unknown field "${path}"`),
    (path, why) => {
      throw cannotHandle(info, info.kind, `${path}: ${why}`);
    },
    applied,
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
