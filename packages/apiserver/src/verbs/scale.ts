import { LabError } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';
import { mapAt, numberAt, textAt, valueAt } from '../json-read.ts';
import { scaleResource } from '../kinds/index.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import type { Subresource } from '../resource.ts';
import { conflict, invalid, notFound, StatusError } from '../status-error.ts';
import { decodeObject } from '../steps/decode.ts';
import { encoded } from '../storage/stored-object.ts';
import { readWriteOptions } from '../write-options.ts';
import { objectAnswer } from './answer.ts';
import { demandNamespace } from './create.ts';
import { demandType, readChange } from './patch.ts';
import { changeObject } from './update.ts';

const SCALE = scaleResource();

type ScalePaths = NonNullable<Subresource['scale']>;

/** GET of the scale subresource. */
export const getScale: Verb = async (api, call) => {
  const { info, attributes } = call;
  const stored = api.objects.get(info, attributes.namespace, attributes.name);
  if (!stored) throw notFound(info, attributes.name);
  demandScaled(call, stored.object);
  return scaleAnswer(api, call, stored.object);
};

/** A custom resource that never said how many it wants has no scale to read; one may be written. */
function demandScaled(call: ResourceCall, object: JsonObject): void {
  const { specReplicas } = scalePaths(call);
  if (!call.info.custom || numberAt(object, ...segments(specReplicas)) !== undefined) return;
  const message = `the spec replicas field ${JSON.stringify(specReplicas)} does not exist`;
  throw new StatusError('InternalError', `Internal error occurred: ${message}`, { details: { causes: [{ message }] } });
}

/** PUT of the scale subresource. */
export const updateScale: Verb = async (api, call) => {
  const options = readWriteOptions('UpdateOptions', call.query, call.incoming.headers['user-agent']);
  const wanted = await decodeObject(call, SCALE, options);
  return change(api, call, { options, wanted: () => wanted, createIfAbsent: false, replaces: true });
};

/** PATCH of the scale subresource: the patch is written for a Scale. */
export const patchScale: Verb = async (api, call) => {
  const type = demandType(call);
  const read = await readChange(api, call, { type, info: SCALE });
  // An applied Scale owns the replicas of the object itself.
  if (!read.applied) return change(api, call, read);
  const { stored } = await changeObject(api, call, {
    ...read,
    createIfAbsent: false,
    async wanted(live) {
      const applied = await read.wanted(live);
      demandReplicas(call, numberAt(applied, ...segments(scalePaths(call).specReplicas)));
      return applied;
    },
  });
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
      demandNamespace(call, scale);
      demandSameName(call, scale);
      demandSameUid(call, { scale, live, replaces: scaled.replaces === true });
      demandReplicas(call, numberAt(scale, 'spec', 'replicas'));
      const object = cloneJson(live);
      setNumber(object, paths.specReplicas, numberAt(scale, 'spec', 'replicas') ?? 0);
      const metadata = object['metadata'] as JsonObject;
      const revision = textAt(scale, 'metadata', 'resourceVersion');
      if (revision !== '') metadata['resourceVersion'] = revision;
      return object;
    },
  });
  return scaleAnswer(api, call, stored.object);
}

function scaleAnswer(api: Api, call: ResourceCall, object: JsonObject) {
  return objectAnswer(api, { ...call, info: SCALE }, encoded(SCALE, toScale(call, object)));
}

function scalePaths(call: ResourceCall): ScalePaths {
  return call.info.subresources['scale']?.scale ?? { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas' };
}

const segments = (path: string) => path.split('.').filter((part) => part !== '');

function toScale(call: ResourceCall, object: JsonObject): JsonObject {
  const paths = scalePaths(call);
  const replicas = numberAt(object, ...segments(paths.specReplicas));
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

/** Who means another object of the same name is told so, as the step that finds it out tells it. */
function demandSameUid({ info, attributes }: ResourceCall, at: { scale: JsonObject; live: JsonObject; replaces: boolean }): void {
  const given = textAt(at.scale, 'metadata', 'uid');
  const uid = textAt(at.live, 'metadata', 'uid');
  if (given === '' || given === uid) return;
  const failed = `Precondition failed: UID in precondition: ${given}, UID in object meta: ${uid}`;
  if (!at.replaces) throw conflict({ ...info, plural: `${info.plural}/scale` }, attributes.name, failed);
  const key = `/registry/${info.plural}/${attributes.namespace}/${attributes.name}`;
  const where = `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: `;
  throw conflict(info, attributes.name, where + failed);
}

function demandReplicas(call: ResourceCall, replicas = 0): void {
  // A custom resource's own schema decides.
  if (call.info.custom) return;
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
