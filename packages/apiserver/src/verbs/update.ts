import { LabError } from '@crownlabs/std';
import { refusal, resourceAttributes } from '../authz/index.ts';
import { cloneJson } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';
import { textAt, textsAt } from '../json-read.ts';
import { metadataOf } from '../object-meta.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { jsonEqual } from '../schema/index.ts';
import { conflict, forbidden, invalid, notFound, StatusError } from '../status-error.ts';
import { decodeObject } from '../steps/decode.ts';
import { encoded, type StoredObject } from '../storage/stored-object.ts';
import { readWriteOptions, type WriteOptions } from '../write-options.ts';
import { objectAnswer } from './answer.ts';
import { createObject, demandNamespace } from './create.ts';
import { type Draft, runSteps, settle, UPDATE } from './draft.ts';
import { persist } from './persist.ts';

/** A change of one object, as a function of what is there. */
export interface Change {
  readonly options: WriteOptions;
  /** The wanted state as a fresh object; called once per attempt. */
  wanted(live: JsonObject | undefined): JsonObject | Promise<JsonObject>;
  readonly createIfAbsent: boolean;
  /** The wanted state came from server-side apply. */
  readonly applied?: boolean;
  /** The caller replaces what he read: without a revision, only kinds that allow it. */
  readonly replaces?: boolean;
}

/** What a change came to. */
export interface Changed {
  readonly stored: StoredObject;
  readonly created: boolean;
}

// Whoever loses a race tries again with the new state; each round has a winner, so this is a bound on contention.
const TRIES = 200;

/** PUT of an object or of one of its subresources. */
export const update: Verb = async (api, call) => {
  const options = readWriteOptions('UpdateOptions', call.query, call.incoming.headers['user-agent']);
  const object = await decodeObject(call, call.info, options);
  demandIdentity(call, object);
  const createIfAbsent = call.info.createOnUpdate && call.attributes.subresource === '';
  const { stored, created } = await changeObject(api, call, { options, wanted: () => cloneJson(object), createIfAbsent, replaces: true });
  return objectAnswer(api, call, stored, created ? 201 : 200);
};

/** Brings an object to the wanted state, trying again as long as others are faster. */
export async function changeObject(api: Api, call: ResourceCall, change: Change): Promise<Changed> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const changed = await attemptChange(api, call, change);
    if (changed) return changed;
  }
  throw conflict(call.info, call.attributes.name);
}

async function attemptChange(api: Api, call: ResourceCall, change: Change): Promise<Changed | undefined> {
  const { info, attributes } = call;
  const namespace = info.namespaced ? attributes.namespace : '';
  const entry = api.objects.entry(info, namespace, attributes.name);
  const live = entry && api.objects.read(info, entry);
  if (!live && !change.createIfAbsent) {
    // What the caller sent is judged first, so that he learns of it in any case.
    throw notFound(info, attributes.name);
  }
  const wanted = await change.wanted(live?.object);
  demandIdentity(call, wanted);
  if (!entry || !live) return createInstead(api, call, change, wanted);
  demandRevision(call, wanted, live.object, change);
  const draft = draftOf(call, change, { live: live.object, wanted });
  await runSteps(UPDATE, draft, api);
  const deleted = isFinished(draft.object);
  if (!deleted && jsonEqual(draft.object, live.object)) {
    settle(draft, false);
    return { stored: live, created: false };
  }
  if (deleted) return finish(api, draft, { name: attributes.name, revision: entry.revision });
  const stored = await persist(api, draft, { name: attributes.name, expected: entry.revision });
  return stored && { stored, created: false };
}

function draftOf(call: ResourceCall, change: Change, { live, wanted }: { live: JsonObject; wanted: JsonObject }): Draft {
  const { info, attributes } = call;
  return {
    call,
    info,
    subresource: attributes.subresource,
    namespace: info.namespaced ? attributes.namespace : '',
    options: change.options,
    old: live,
    object: wanted,
    applied: change.applied ?? false,
    settled: [],
  };
}

/** The change that an object waited for ends it: watchers see its last state, the caller what he wrote. */
async function finish(api: Api, draft: Draft, at: { name: string; revision: number }): Promise<Changed | undefined> {
  const last = { ...draft, object: cloneJson(draft.old ?? draft.object) };
  const stored = await persist(api, last, { name: at.name, expected: at.revision, deleted: true });
  if (!stored) return undefined;
  metadataOf(draft.object)['resourceVersion'] = textAt(stored.object, 'metadata', 'resourceVersion');
  return { stored: encoded(draft.info, draft.object), created: false };
}

/** A change of something that is not there may create it, if the caller may create. */
async function createInstead(api: Api, call: ResourceCall, { options, applied }: Change, object: JsonObject): Promise<Changed | undefined> {
  const { attributes, info, user } = call;
  const asked = resourceAttributes({ ...attributes, verb: 'create' });
  const decision = await api.authorizer.authorize(asked, user);
  if (!decision.allowed) throw forbidden(info, attributes.name, refusal(asked, user, decision));
  metadataOf(object)['name'] = attributes.name;
  try {
    return { stored: await createObject(api, call, { object, options, ...(applied === undefined ? {} : { applied }) }), created: true };
  } catch (error) {
    // Somebody created it meanwhile: then it is a change after all.
    if (error instanceof StatusError && error.code === 'AlreadyExists') return undefined;
    throw error;
  }
}

function demandIdentity(call: ResourceCall, object: JsonObject): void {
  const name = textAt(object, 'metadata', 'name');
  const inUrl = call.attributes.name;
  if (name === '') {
    throw new LabError('BadRequest', `the name of the object (${inUrl} based on URL) was undeterminable: name must be provided`);
  }
  if (name !== inUrl) throw new LabError('BadRequest', `the name of the object (${name}) does not match the name on the URL (${inUrl})`);
  demandNamespace(call, object);
  const metadata = metadataOf(object);
  if (call.info.namespaced) metadata['namespace'] = call.attributes.namespace;
  else delete metadata['namespace'];
}

/** The revision and uid that the caller means to replace must be those that are there. */
function demandRevision(call: ResourceCall, wanted: JsonObject, live: JsonObject, { replaces = false }: Change): void {
  const { info, attributes } = call;
  const given = textAt(wanted, 'metadata', 'resourceVersion');
  const uid = textAt(wanted, 'metadata', 'uid');
  const liveUid = textAt(live, 'metadata', 'uid');
  if (replaces && uid !== '' && uid !== liveUid) {
    const where = `Key: /registry/${info.plural}/${attributes.name}`;
    throw conflict(
      info,
      attributes.name,
      `StorageError: invalid object, Code: 4, ${where}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${liveUid}`,
    );
  }
  if (given === '' || given === '0') {
    if (!replaces || info.unconditionalUpdate) return;
    const error = {
      type: 'FieldValueInvalid',
      field: 'metadata.resourceVersion',
      message: 'Invalid value: 0: must be specified for an update',
    } as const;
    throw invalid({ group: info.group, kind: info.plural }, attributes.name, [error]);
  }
  if (!/^\d+$/.test(given)) throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(given)}: invalid syntax`);
  if (given !== textAt(live, 'metadata', 'resourceVersion')) throw conflict(info, attributes.name);
}

/** Whether an object that is being deleted has nothing left to wait for. */
export function isFinished(object: JsonObject): boolean {
  const metadata = metadataOf(object);
  if (metadata['deletionTimestamp'] === undefined || textsAt(metadata, 'finalizers').length > 0) return false;
  if (object['kind'] === 'Namespace' && object['apiVersion'] === 'v1' && textsAt(object, 'spec', 'finalizers').length > 0) return false;
  const grace = metadata['deletionGracePeriodSeconds'];
  return grace === undefined || grace === 0;
}
