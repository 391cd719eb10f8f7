import { LabError } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import { metadataOf } from '../object-meta.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { alreadyExists, StatusError } from '../status-error.ts';
import { decodeObject } from '../steps/decode.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { readWriteOptions, type WriteOptions } from '../write-options.ts';
import { objectAnswer } from './answer.ts';
import { CREATE, type Draft, runSteps } from './draft.ts';
import { persist } from './persist.ts';

const NAME_TRIES = 8;

/** POST of a collection. */
export const create: Verb = async (api, call) => {
  const options = readWriteOptions('CreateOptions', call.query, call.incoming.headers['user-agent']);
  const object = await decodeObject(call, call.info, options);
  demandNamespace(call, object);
  // The store objects, and a dry run does not come that far.
  if (!options.dryRun && textAt(object, 'metadata', 'resourceVersion') !== '')
    throw plainError('resourceVersion should not be set on objects to be created');
  const stored = await createObject(api, call, { object, options });
  return objectAnswer(api, call, stored, 201);
};

/** A namespaced object belongs where the URL says; it may leave that out. */
export function demandNamespace(call: ResourceCall, object: JsonObject): void {
  const given = textAt(object, 'metadata', 'namespace');
  const { namespace } = call.attributes;
  if (call.info.namespaced && given !== '' && given !== namespace) {
    throw new LabError('BadRequest', 'the namespace of the provided object does not match the namespace sent on the request');
  }
}

/** Creates an object that was decoded and has defaults. With generateName it tries other names when one is taken. */
export async function createObject(
  api: Api,
  call: ResourceCall,
  { object, options, applied = false }: { object: JsonObject; options: WriteOptions; applied?: boolean },
): Promise<StoredObject> {
  const generated = textAt(object, 'metadata', 'name') === '' && textAt(object, 'metadata', 'generateName') !== '';
  for (let attempt = 1; ; attempt += 1) {
    const draft = newDraft(call, generated ? cloneJson(object) : object, options, applied);
    await runSteps(CREATE, draft, api);
    const name = textAt(draft.object, 'metadata', 'name');
    const stored = await insert(api, draft, name);
    if (stored) return stored;
    if (!generated) throw taken(api, draft, name);
    if (attempt === NAME_TRIES) throw noUniqueName(draft, name);
  }
}

function newDraft(call: ResourceCall, object: JsonObject, options: WriteOptions, applied: boolean): Draft {
  const { info, attributes } = call;
  const namespace = info.namespaced ? attributes.namespace : '';
  return { call, info, subresource: '', namespace, options, old: undefined, object, applied, settled: [] };
}

async function insert(api: Api, draft: Draft, name: string): Promise<StoredObject | undefined> {
  if (draft.options.dryRun && api.objects.entry(draft.info, draft.namespace, name)) return undefined;
  delete metadataOf(draft.object)['resourceVersion'];
  return persist(api, draft, { name, expected: 0 });
}

function taken(api: Api, { info, namespace }: Draft, name: string): StatusError {
  const error = alreadyExists(info, name);
  const there = api.objects.get(info, namespace, name);
  if (textAt(there?.object, 'metadata', 'deletionTimestamp') === '') return error;
  return new StatusError('AlreadyExists', `object is being deleted: ${error.message}`, error.details ? { details: error.details } : {});
}

function noUniqueName({ info }: Draft, name: string): StatusError {
  const { details, message } = alreadyExists(info, name);
  return new StatusError('AlreadyExists', `${message}, the server was not able to generate a unique name for the object`, {
    details: { ...details, retryAfterSeconds: 1 },
  });
}
