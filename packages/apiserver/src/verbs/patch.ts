import { LabError, messageOf } from '@crownlabs/std';
import { cloneJson, cloneUnfrozen } from '../clone-json.ts';
import { goKind, mediaType, objectBody, parseBody, type RawBody, rawBody, unsupportedMediaType } from '../codec/body.ts';
import { printJson } from '../codec/json-print.ts';
import { applyPatchInTurns, asRestored, strategicMerge } from '../fields/index.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { textAt, valueAt } from '../json-read.ts';
import { applyJsonPatch, unknownOperationFields } from '../patch/json-patch.ts';
import { applyMergePatch } from '../patch/merge-patch.ts';
import { copyWithout, joinParts, untouchedParts } from '../patch/untouched-parts.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import type { ResourceInfo } from '../resource.ts';
import { canonicalJson } from '../schema/index.ts';
import { conflict, invalid, StatusError } from '../status-error.ts';
import { complain, normalize, notRegistered } from '../steps/decode.ts';
import { apiVersionOf } from '../storage/stored-object.ts';
import { nextTurn, overdue } from '../turn.ts';
import { readWriteOptions, type WriteOptions } from '../write-options.ts';
import { objectAnswer } from './answer.ts';
import { type Change, changeObject } from './update.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

/** A patch that was read, ready to be applied to whatever is there. */
interface Patch {
  readonly complaints: readonly string[];
  /** More of them, found by reading it strictly once there is something to patch. */
  strange?(): readonly string[];
  /** A copy of what is there, for `apply`: only a JSON patch reaches into what is frozen, others share it. */
  copy(live: JsonObject): JsonObject;
  /** The merge patch that it is. */
  readonly merges?: JsonObject;
  /** `live` may be changed; the patch may not, because it may be applied again. */
  apply(live: JsonObject): JsonObject;
  /** How a refusal shows the value. */
  show(value: JsonObject): string;
  /** How it says that the value is no object of the kind, when a reader of JSON said so. */
  explain(why: string): string;
}

/** PATCH of an object or of one of its subresources. */
export const patch: Verb = async (api, call) => {
  const type = demandType(call);
  const change = await readChange(api, call, { type, info: call.info });
  const { stored, created } = await changeObject(api, call, change);
  return objectAnswer(api, call, stored, created ? 201 : 200);
};

/** The media type of a patch; 415 for what the resource does not take. */
export function demandType(call: ResourceCall): string {
  const type = mediaType(call.incoming.headers['content-type']);
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(call.info.custom ? [] : [STRATEGIC]), APPLY];
  if (accepted.includes(type)) return type;
  if (call.info.custom) throw unsupportedMediaType(accepted);
  throw new StatusError('UnsupportedMediaType', '415: Unsupported Media Type', { details: {} });
}

/** Reads the patch of a request. `info` is the kind that it is written for: the resource's, or that of the subresource. */
export async function readChange(api: Api, call: ResourceCall, { type, info }: { type: string; info: ResourceInfo }): Promise<Change> {
  const options = readWriteOptions('PatchOptions', call.query, call.incoming.headers['user-agent'], type === APPLY);
  const bytes = await rawBody(call.incoming);
  if (overdue()) await nextTurn();
  const change =
    type === APPLY
      ? applyChange(api, call, { bytes, options, info })
      : patchChange(call, { read: readPatch(type, info, bytes), options, info });
  if (overdue()) await nextTurn();
  return change;
}

function patchChange(call: ResourceCall, { read, options, info }: { read: Patch; options: WriteOptions; info: ResourceInfo }): Change {
  return {
    options,
    createIfAbsent: false,
    async wanted(live = {}) {
      const parts = call.attributes.subresource === 'status' && read.merges ? untouchedParts(live, read.merges) : undefined;
      const whole = (changed: JsonObject) => (parts ? joinParts(parts, changed, live) : changed);
      const shown = { ...read, show: (changed: JsonObject) => read.show(whole(changed)) };
      const copy = parts ? copyWithout(parts, live) : read.copy(live);
      if (overdue()) await nextTurn();
      const strange = options.fieldValidation === 'Ignore' ? [] : (read.strange?.() ?? []);
      const patched = read.apply(copy);
      if (overdue()) await nextTurn();
      demandSameKind(info, patched, shown);
      const complaints = [...read.complaints, ...strange, ...normalizePatched(info, patched, shown)];
      complain(call, options, complaints, (list) => refusedPatch(shown.show(patched), `strict decoding error: ${list}`));
      return whole(patched);
    },
  };
}

function readPatch(type: string, info: ResourceInfo, bytes: RawBody): Patch {
  const show = (value: JsonObject) => JSON.stringify(printJson(value));
  const explain = (why: string) => why;
  if (type === STRATEGIC) {
    const { value, complaints } = parseBody(bytes, false);
    const merge = value === null ? {} : objectBody(value);
    return {
      complaints,
      copy: cloneUnfrozen<JsonObject>,
      // Its result is read as what the original was, whatever it says of itself.
      apply: (live) => Object.assign(strategicMerge(live, merge, info), { kind: info.kind, apiVersion: apiVersionOf(info) }),
      show: (object) => JSON.stringify(`map[${printJson(object)}]`),
      explain: asRestored,
    };
  }
  const { value, complaints } = parsePatch(bytes);
  if (type === JSON_PATCH) {
    return {
      complaints: complaints.map((one) => `json patch ${one}`),
      strange: () => unknownOperationFields(value).map((one) => `json patch ${one}`),
      copy: cloneJson<JsonObject>,
      apply: (live) => demandObject(applyJsonPatch(live, value)),
      show,
      explain,
    };
  }
  if (!isObject(value)) {
    throw new LabError(
      'BadRequest',
      `error decoding patch: json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`,
    );
  }
  return { complaints, copy: cloneUnfrozen<JsonObject>, merges: value, apply: (live) => applyMergePatch(live, value), show, explain };
}

function parsePatch(bytes: RawBody): { value: Json; complaints: readonly string[] } {
  try {
    return parseBody(bytes, false);
  } catch (error) {
    throw new LabError('BadRequest', `error decoding patch: ${messageOf(error)}`, { cause: error });
  }
}

function demandObject(value: Json): JsonObject {
  if (isObject(value)) return value;
  throw refusedPatch(
    JSON.stringify(printJson(value)),
    `json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`,
  );
}

function demandSameKind(info: ResourceInfo, patched: JsonObject, read: Patch): void {
  if (patched['kind'] === info.kind && patched['apiVersion'] === apiVersionOf(info)) return;
  if (info.custom && textAt(patched, 'kind') === '')
    throw refusedPatch(read.show(patched), `Object 'Kind' is missing in '${canonicalJson(patched)}'`);
  // That a custom object says it is something else is found with all else that is wrong with it.
  if (info.custom && textAt(patched, 'apiVersion') !== '') return;
  throw refusedPatch(read.show(patched), notRegistered(textAt(patched, 'kind'), textAt(patched, 'apiVersion')));
}

function normalizePatched(info: ResourceInfo, patched: JsonObject, read: Patch): string[] {
  try {
    return normalize(info, patched);
  } catch (error) {
    if (error instanceof LabError && error.code === 'BadRequest') {
      const prefix = `${info.kind} in version "${info.version}" cannot be handled as a ${info.kind}: `;
      throw refusedPatch(read.show(patched), read.explain(error.message.replace(prefix, '')));
    }
    throw error;
  }
}

function refusedPatch(shown: string, why: string): StatusError {
  const error = { type: 'FieldValueInvalid', field: 'patch', message: `Invalid value: ${shown}: ${why}` } as const;
  return invalid({ group: '', kind: '' }, '', [error]);
}

/** Server-side apply: the configuration is merged into what is there, and may create it. */
function applyChange(api: Api, call: ResourceCall, from: { bytes: RawBody; options: WriteOptions; info: ResourceInfo }): Change {
  const { options } = from;
  const config = readConfiguration(call, from);
  return {
    options,
    applied: true,
    createIfAbsent: call.attributes.subresource === '',
    async wanted(live) {
      const revision = textAt(config, 'metadata', 'resourceVersion');
      if (live && revision !== '' && revision !== textAt(live, 'metadata', 'resourceVersion'))
        throw conflict(call.info, call.attributes.name);
      if (!live && textAt(config, 'metadata', 'uid') !== '') {
        throw conflict(
          call.info,
          call.attributes.name,
          `uid mismatch: the provided object specified uid ${textAt(config, 'metadata', 'uid')}, and no existing object was found`,
        );
      }
      const applied = await applyPatchInTurns({
        live,
        config: cloneJson(config),
        manager: options.fieldManager,
        force: options.force,
        resource: call.info,
        subresource: call.attributes.subresource,
        now: api.clock.now(),
      });
      if (overdue()) await nextTurn();
      normalizeApplied(call.info, applied, config);
      return applied;
    },
  };
}

/** What the schema lets pass may still be no value of its type: that is found after the merge, and told as a failure to convert. */
function normalizeApplied(info: ResourceInfo, applied: JsonObject, config: JsonObject): void {
  try {
    normalize(info, applied, true);
  } catch (error) {
    if (info.custom || !(error instanceof LabError) || error.code !== 'BadRequest') throw error;
    const why = error.message.replace(/^.*? cannot be handled as an? \w+: /, '');
    const type = `${info.group}/${info.version}, Kind=${info.kind}`;
    const called = `${textAt(config, 'metadata', 'namespace')}/${textAt(config, 'metadata', 'name')}`;
    const found = why.startsWith('illegal base64') ? `error decoding from json: ${why}` : why;
    throw plainError(
      `failed to convert new object (${called}; ${type}) to proper version: unable to convert unstructured object to ${type}: ${found}`,
    );
  }
}

function readConfiguration(
  call: ResourceCall,
  { bytes, options, info }: { bytes: RawBody; options: WriteOptions; info: ResourceInfo },
): JsonObject {
  const { value, complaints } = parseConfiguration(bytes);
  complain(
    call,
    options,
    complaints,
    () => new LabError('BadRequest', `error strict decoding YAML: error converting YAML to JSON: ${complaints.join(', ')}`),
  );
  const config = value === null ? {} : value;
  if (!isObject(config)) {
    const why = `json: cannot unmarshal ${goKind(config)} into Go value of type map[string]interface {}`;
    throw new LabError('BadRequest', `error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  const kind = textAt(config, 'kind');
  const apiVersion = textAt(config, 'apiVersion');
  if (kind !== info.kind || apiVersion !== apiVersionOf(info)) {
    throw new LabError('BadRequest', `invalid object type: ${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`);
  }
  const { name } = call.attributes;
  const given = textAt(config, 'metadata', 'name');
  if (given !== '' && given !== name)
    throw new LabError('BadRequest', `the name of the object (${given}) does not match the name on the URL (${name})`);
  const namespace = textAt(config, 'metadata', 'namespace');
  if (namespace !== '' && info.namespaced && namespace !== call.attributes.namespace) {
    throw new LabError('BadRequest', 'the namespace of the provided object does not match the namespace sent on the request');
  }
  if (valueAt(config, 'metadata', 'managedFields') !== undefined) throw new LabError('BadRequest', 'metadata.managedFields must be nil');
  return config;
}

function parseConfiguration(bytes: RawBody): { value: Json; complaints: readonly string[] } {
  try {
    // Nothing at all is an empty configuration.
    return ArrayBuffer.isView(bytes) && bytes.length === 0 ? { value: {}, complaints: [] } : parseBody(bytes, true);
  } catch (error) {
    throw new LabError('BadRequest', `error decoding YAML: ${messageOf(error)}`, { cause: error });
  }
}
