import { LabError } from '@crownlabs/std';
import { encodeJson } from '../codec/json-print.ts';
import { metadataTable, partialMetadata } from '../codec/projection.ts';
import { protobufBody } from '../codec/protobuf.ts';
import { printYaml } from '../codec/yaml.ts';
import type { WholeAnswer } from '../exchange.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Api, ResourceCall } from '../pipeline.ts';
import type { ResourceInfo } from '../resource.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { type AcceptedView, accepted } from './view.ts';

/** A JSON document as an answer. */
export function jsonAnswer(status: number, value: Json, headers: Readonly<Record<string, string>> = {}): WholeAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, parts: [encodeJson(value)] };
}

/** One object, in the form that the client asked for. */
export function objectAnswer(api: Api, call: ResourceCall, stored: StoredObject, status = 200): WholeAnswer {
  const view = accepted(call, false);
  if (view.view === 'object' && view.format === 'json') {
    return { status, headers: { 'content-type': 'application/json' }, parts: [stored.bytes], documents: () => [stored.plain] };
  }
  return formatted(view, projected(api, call, view, stored.object), status);
}

function projected(api: Api, call: ResourceCall, { view, viewVersion }: AcceptedView, object: JsonObject): JsonObject {
  if (view === 'table') {
    const include = includeObject(call);
    return metadataTable(call.info, [object], {
      metadata: object['metadata'],
      version: viewVersion,
      include,
      now: api.clock.now(),
      columns: true,
    });
  }
  return view === 'metadata' ? partialMetadata(object, viewVersion) : object;
}

/** `includeObject` of a table request. */
export function includeObject(call: Pick<ResourceCall, 'query'>): 'None' | 'Metadata' | 'Object' {
  const asked = call.query.get('includeObject') ?? '';
  if (asked === '' || asked === 'Metadata') return 'Metadata';
  if (asked === 'None' || asked === 'Object') return asked;
  const why = `includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw new LabError('BadRequest', `Unable to convert to Table as requested: ${why}`);
}

/** A document in JSON, YAML or protobuf. */
export function formatted({ format }: Pick<AcceptedView, 'format'>, value: JsonObject, status = 200): WholeAnswer {
  if (format === 'json') return jsonAnswer(status, value);
  if (format === 'protobuf') {
    const { type, bytes } = protobufBody(value);
    return { status, headers: { 'content-type': type }, parts: [bytes] };
  }
  return { status, headers: { 'content-type': 'application/yaml' }, parts: [Buffer.from(printYaml(value))] };
}

/** The Status of an action that was taken. */
export function createdAnswer(call: ResourceCall): WholeAnswer {
  return formatted(accepted(call, false), { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }, 201);
}

/** The head of a Status that says that something was done. */
export function success(info: ResourceInfo, name: string, uid: string): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(info.group === '' ? {} : { group: info.group }), kind: info.plural, ...(uid === '' ? {} : { uid }) },
  };
}
