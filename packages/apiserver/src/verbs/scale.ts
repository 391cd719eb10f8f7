import { LabError } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';
import { mapAt, numberAt, textAt, valueAt } from '../json-read.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import type { ResourceInfo, Subresource } from '../resource.ts';
import { invalid, notFound } from '../status-error.ts';
import { decodeObject } from '../steps/decode.ts';
import { encoded } from '../storage/stored-object.ts';
import { readWriteOptions } from '../write-options.ts';
import { objectAnswer } from './answer.ts';
import { demandType, readChange } from './patch.ts';
import { changeObject } from './update.ts';

type ScalePaths = NonNullable<Subresource['scale']>;

/** GET of the scale subresource. */
export const getScale: Verb = async (api, call) => {
  const { info, attributes } = call;
  const stored = api.objects.get(info, attributes.namespace, attributes.name);
  if (!stored) throw notFound(info, attributes.name);
  return scaleAnswer(api, call, stored.object);
};

/** PUT of the scale subresource. */
export const updateScale: Verb = async (api, call) => {
  const options = readWriteOptions('UpdateOptions', call.query, call.incoming.headers['user-agent']);
  const wanted = await decodeObject(call, scaleInfo(api, call), options);
  demandSameName(call, wanted);
  return change(api, call, { options, wanted: () => wanted, createIfAbsent: false, replaces: true });
};

/** PATCH of the scale subresource: the patch is written for a Scale. */
export const patchScale: Verb = async (api, call) => {
  const type = demandType(call);
  const read = await readChange(api, call, { type, info: scaleInfo(api, call) });
  // An applied Scale owns the replicas of the object itself.
  if (!read.applied) return change(api, call, read);
  const { stored } = await changeObject(api, call, { ...read, createIfAbsent: false });
  return scaleAnswer(api, call, stored.object);
};

async function change(api: Api, call: ResourceCall, scaled: Parameters<typeof changeObject>[2]) {
  const paths = scalePaths(call);
  const { stored } = await changeObject(api, call, {
    ...scaled,
    createIfAbsent: false,
    applied: false,
    replaces: false,
    async wanted(live) {
      if (!live) throw notFound(call.info, call.attributes.name);
      const scale = await scaled.wanted(toScale(call, live));
      demandReplicas(call, scale);
      const object = cloneJson(live);
      setNumber(object, paths.specReplicas, numberAt(scale, 'spec', 'replicas') ?? 0);
      const metadata = object['metadata'] as JsonObject;
      for (const field of ['resourceVersion', 'uid']) {
        const given = textAt(scale, 'metadata', field);
        if (given !== '') metadata[field] = given;
      }
      return object;
    },
  });
  return scaleAnswer(api, call, stored.object);
}

function scaleAnswer(api: Api, call: ResourceCall, object: JsonObject) {
  const info = scaleInfo(api, call);
  return objectAnswer(api, { ...call, info }, encoded(info, toScale(call, object)));
}

function scaleInfo(api: Api, call: ResourceCall): ResourceInfo {
  const kind = call.info.subresources['scale']?.kind ?? { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const info = api.registry.byKind(kind.group, kind.kind, kind.version);
  if (info) return info;
  // No resource of its own is served: the body is taken as it is.
  return { ...call.info, ...kind, custom: false, columns: [], schema: undefined, prune: () => undefined, applyDefaults: () => undefined };
}

function scalePaths(call: ResourceCall): ScalePaths {
  return call.info.subresources['scale']?.scale ?? { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas' };
}

const segments = (path: string) => path.split('.').filter((part) => part !== '');

function toScale(call: ResourceCall, object: JsonObject): JsonObject {
  const paths = scalePaths(call);
  const replicas = numberAt(object, ...segments(paths.specReplicas));
  if (replicas === undefined && call.info.custom) {
    throw new LabError(
      'InternalError',
      `Internal error occurred: the spec replicas field ${JSON.stringify(paths.specReplicas)} does not exist`,
    );
  }
  const selector = paths.selector === undefined ? undefined : selectorText(object, segments(paths.selector));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: pickMetadata(object),
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: { replicas: numberAt(object, ...segments(paths.statusReplicas)) ?? 0, ...(selector === undefined ? {} : { selector }) },
  };
}

function pickMetadata(object: JsonObject): JsonObject {
  const metadata: JsonObject = {};
  for (const field of ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp']) {
    const value = valueAt(object, 'metadata', field);
    if (value !== undefined) metadata[field] = value;
  }
  return metadata;
}

/** The selector as text: custom resources hold it so, workloads as a LabelSelector. */
function selectorText(object: JsonObject, path: readonly string[]): string | undefined {
  const value = valueAt(object, ...path);
  if (typeof value === 'string') return value === '' ? undefined : value;
  const labels = mapAt(object, ...path, 'matchLabels');
  const text = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, label]) => `${key}=${label}`)
    .join(',');
  return text === '' ? undefined : text;
}

function demandSameName(call: ResourceCall, scale: JsonObject): void {
  const name = textAt(scale, 'metadata', 'name');
  const { name: inUrl } = call.attributes;
  if (name === '')
    throw new LabError('BadRequest', `the name of the object (${inUrl} based on URL) was undeterminable: name must be provided`);
  if (name !== inUrl) throw new LabError('BadRequest', `the name of the object (${name}) does not match the name on the URL (${inUrl})`);
}

function demandReplicas(call: ResourceCall, scale: JsonObject): void {
  // A custom resource's own schema decides.
  if (call.info.custom) return;
  const replicas = numberAt(scale, 'spec', 'replicas') ?? 0;
  if (!Number.isInteger(replicas)) throw plainError('spec.replicas must be an integer');
  if (replicas >= 0) return;
  const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
  throw invalid({ group: 'autoscaling', kind: 'Scale' }, call.attributes.name, [
    { type: 'FieldValueInvalid', field: 'spec.replicas', message },
  ]);
}

function setNumber(object: JsonObject, path: string, value: number): void {
  const keys = segments(path);
  const last = keys.pop();
  if (last === undefined) return;
  let here = object;
  for (const key of keys) {
    const next = valueAt(here, key);
    const child = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {};
    here[key] = child;
    here = child;
  }
  here[last] = value;
}
