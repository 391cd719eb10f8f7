import { LabError, messageOf } from '@crownlabs/std';
import { BODY_LIMIT, goKind, mediaType, parseBody, unsupportedMediaType } from '../codec/body.ts';
import { PROTOBUF } from '../codec/negotiate.ts';
import { decodeProtobuf } from '../codec/protobuf.ts';
import type { FieldError } from '../field-error.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { numberAt, textAt, textsAt } from '../json-read.ts';
import { decodeBody } from '../kinds/index.ts';
import type { ResourceCall } from '../pipeline.ts';
import { isTrue } from '../request-attributes.ts';
import { invalid } from '../status-error.ts';
import { dryRunErrors, type WriteOptions } from '../write-options.ts';

/** How to delete. */
export interface DeleteOptions {
  readonly policy: 'Background' | 'Foreground' | 'Orphan' | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly dryRun: boolean;
  /** As admission sees them. */
  readonly write: WriteOptions;
}

const CHILDREN_STAY =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them ' +
  'or set propagationPolicy=Orphan to suppress this warning';
const TYPES = ['application/json', 'application/yaml', PROTOBUF];
const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/** Reads DeleteOptions from the body, or from the query when there is none. */
export async function readDeleteOptions(call: ResourceCall): Promise<DeleteOptions> {
  const bytes = await call.incoming.body(BODY_LIMIT);
  const options = deleteOptionsOf(bytes.length > 0 ? fromBody(call, bytes) : fromQuery(call.query));
  const silent = options.policy === undefined && options.orphanDependents === undefined;
  if (silent && call.info.group === 'batch' && call.info.plural === 'jobs') call.warnings.add(CHILDREN_STAY);
  return options;
}

/** DeleteOptions as they were written, checked. */
export function deleteOptionsOf(json: JsonObject): DeleteOptions {
  const policy = textAt(json, 'propagationPolicy');
  const orphan = json['orphanDependents'];
  const dryRun = textsAt(json, 'dryRun');
  const errors = [...policyErrors(policy, orphan), ...dryRunErrors(dryRun)];
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return {
    policy: POLICIES.find((one) => one === policy),
    orphanDependents: typeof orphan === 'boolean' ? orphan : undefined,
    gracePeriodSeconds: numberAt(json, 'gracePeriodSeconds'),
    uid: textAt(json, 'preconditions', 'uid'),
    resourceVersion: textAt(json, 'preconditions', 'resourceVersion'),
    dryRun: dryRun.length > 0,
    write: {
      dryRun: dryRun.length > 0,
      fieldManager: '',
      fieldValidation: 'Ignore',
      force: false,
      json: { ...json, kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function fromBody(call: ResourceCall, bytes: Uint8Array): JsonObject {
  const type = mediaType(call.incoming.headers['content-type']);
  if (!TYPES.includes(type)) throw unsupportedMediaType(TYPES);
  const value = type === PROTOBUF ? decodeProtobuf(bytes) : parse(bytes, type === 'application/yaml');
  if (!isObject(value))
    throw new LabError('BadRequest', `couldn't get version/kind; json parse error: json: cannot unmarshal ${goKind(value)}`);
  for (const field of ['apiVersion', 'kind']) {
    const said = value[field] ?? '';
    if (typeof said !== 'string')
      throw new LabError('BadRequest', `couldn't get version/kind; json parse error: json: cannot unmarshal ${goKind(said)}`);
  }
  const kind = textAt(value, 'kind') || 'DeleteOptions';
  // Every group has the kind, and which of them is named makes no difference.
  if (kind !== 'DeleteOptions') {
    const apiVersion = textAt(value, 'apiVersion') || 'meta.k8s.io/v1';
    throw new LabError('BadRequest', `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`);
  }
  return decoded(value);
}

/** With every field of the type that it must have. */
function decoded(value: JsonObject): JsonObject {
  try {
    decodeBody({ group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' }, value, () => undefined);
    return value;
  } catch (error) {
    throw new LabError('BadRequest', messageOf(error).replace(/^.*cannot be handled as a DeleteOptions: /, ''));
  }
}

function parse(bytes: Uint8Array, yaml: boolean): Json {
  try {
    return parseBody(bytes, yaml).value;
  } catch (error) {
    throw new LabError('BadRequest', `couldn't get version/kind; json parse error: ${messageOf(error)}`, { cause: error });
  }
}

function fromQuery(query: URLSearchParams): JsonObject {
  const json: JsonObject = {};
  const policy = query.get('propagationPolicy');
  if (policy !== null && policy !== '') json['propagationPolicy'] = policy;
  if (query.has('orphanDependents')) json['orphanDependents'] = isTrue(query, 'orphanDependents');
  if (query.has('dryRun')) json['dryRun'] = query.getAll('dryRun');
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && grace !== '') {
    if (!/^-?\d+$/.test(grace)) throw new LabError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
    json['gracePeriodSeconds'] = Number(grace);
  }
  return json;
}

function policyErrors(policy: string, orphan: Json | undefined): FieldError[] {
  if (policy === '') return [];
  if (!POLICIES.some((one) => one === policy)) {
    const message = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`;
    return [{ type: 'FieldValueNotSupported', field: 'propagationPolicy', message }];
  }
  if (orphan === undefined) return [];
  const message = `Invalid value: ${JSON.stringify(policy)}: orphanDependents and deletionPropagation cannot be both set`;
  return [{ type: 'FieldValueInvalid', field: 'propagationPolicy', message }];
}
