import { randomUUID } from 'node:crypto';
import { LabError } from '@crownlabs/std';
import { userJson } from '../authn/index.ts';
import type { AdmissionCall } from '../call.ts';
import { goKind } from '../codec/body.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from '../json-read.ts';
import type { ResourceInfo } from '../resource.ts';
import { type StatusDetails, StatusError } from '../status-error.ts';
import { parse, readReview } from './webhook-answer.ts';

/** What a webhook said. */
export interface Verdict {
  readonly allowed: boolean;
  readonly status: JsonObject | undefined;
  readonly patch: readonly JsonObject[] | undefined;
  readonly warnings: readonly string[];
}

const API_VERSION = 'admission.k8s.io/v1';

/** The AdmissionReview that shows `call` as a request for `shown`. */
export function reviewOf(call: AdmissionCall, shown: ResourceInfo): { uid: string; review: JsonObject } {
  const uid = randomUUID();
  return { uid, review: { kind: 'AdmissionReview', apiVersion: API_VERSION, request: { uid, ...requestOf(call, shown) } } };
}

/** The request part of a review: what match conditions and policies see as `request`. */
export function requestOf(call: AdmissionCall, shown: ResourceInfo): JsonObject {
  const { resource, subresource } = call;
  const kind = (of: ResourceInfo): JsonObject => ({ group: of.group, version: of.version, kind: of.kind });
  const plural = (of: ResourceInfo): JsonObject => ({ group: of.group, version: of.version, resource: of.plural });
  const isNamespace = resource.group === '' && resource.plural === 'namespaces';
  const namespace = isNamespace ? call.name : call.namespace;
  return {
    kind: kind(shown),
    resource: plural(shown),
    ...(subresource && { subResource: subresource }),
    requestKind: kind(resource),
    requestResource: plural(resource),
    ...(subresource && { requestSubResource: subresource }),
    ...(call.name && { name: call.name }),
    ...(namespace && { namespace }),
    operation: call.operation,
    userInfo: userJson(call.user),
    object: presented(call.object, shown),
    oldObject: presented(call.old, shown),
    dryRun: call.dryRun,
    options: optionsOf(call),
  };
}

/** A patch is shown as the update, or the create, that it amounts to. */
function optionsOf({ options, operation }: AdmissionCall): JsonObject {
  if (textAt(options, 'kind') !== 'PatchOptions') return options;
  const { force: _force, ...rest } = options;
  return { ...rest, kind: operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions' };
}

function presented(object: JsonObject | undefined, shown: ResourceInfo): Json {
  if (!object) return null;
  const apiVersion = shown.group ? `${shown.group}/${shown.version}` : shown.version;
  if (object['apiVersion'] === apiVersion || object['apiVersion'] === undefined) return { kind: shown.kind, apiVersion, ...object };
  return { ...(shown.convert?.(object) ?? object), apiVersion };
}

/** Reads the answer to the review `uid`; throws when it is none. */
export function readVerdict(text: string, uid: string): Verdict {
  const response = objectAt(readReview(text), 'response');
  if (!response) throw badAnswer('webhook response was absent');
  const answered = textAt(response, 'uid');
  if (answered !== uid) throw badAnswer(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`);
  return {
    allowed: valueAt(response, 'allowed') === true,
    status: objectAt(response, 'status'),
    patch: readPatch(response),
    warnings: textsAt(response, 'warnings'),
  };
}

function readPatch(response: JsonObject): readonly JsonObject[] | undefined {
  const patch = textAt(response, 'patch');
  const patchType = textAt(response, 'patchType');
  if (!patch && !patchType) return undefined;
  if (!patch) throw badAnswer('webhook returned response.patchType but not response.patch');
  if (!patchType) throw badAnswer('webhook returned response.patch but not response.patchType');
  if (patchType !== 'JSONPatch') throw new LabError('InternalError', `unsupported patch type ${JSON.stringify(patchType)}`);
  const operations = parse(Buffer.from(patch, 'base64').toString('utf8'), `${UNDECODABLE}: `);
  if (!Array.isArray(operations)) {
    throw new LabError(
      'InternalError',
      `${UNDECODABLE}: json: cannot unmarshal ${goKind(operations)} into Go value of type jsonpatch.Patch`,
    );
  }
  return operations.filter(isObject);
}

const UNDECODABLE = 'received undecodable patch in webhook response';

function badAnswer(why: string): LabError {
  return new LabError('InternalError', `received invalid webhook response: ${why}`);
}

/** The refusal of the webhook `name`, with the code, reason and details that it chose. */
export function denial(name: string, status: JsonObject | undefined): StatusError {
  const said = textAt(status, 'message') || textAt(status, 'reason');
  const message = `admission webhook ${JSON.stringify(name)} denied the request${said ? `: ${said}` : ' without explanation'}`;
  const details = objectAt(status, 'details');
  return new StatusError('BadRequest', message, {
    status: Math.max(numberAt(status, 'code') ?? 0, 400),
    reason: textAt(status, 'reason'),
    ...(details && { details: readDetails(details) }),
  });
}

function readDetails(details: JsonObject): StatusDetails {
  const causes = objectsAt(details, 'causes').map((cause) => pickTexts(cause, ['reason', 'message', 'field']));
  const seconds = numberAt(details, 'retryAfterSeconds');
  return {
    ...pickTexts(details, ['name', 'group', 'kind', 'uid']),
    ...(causes.length > 0 && { causes }),
    ...(seconds !== undefined && { retryAfterSeconds: seconds }),
  };
}

function pickTexts(from: JsonObject, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, textAt(from, key)]).filter(([, value]) => value !== ''));
}
