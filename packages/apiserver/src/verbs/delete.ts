import { cloneJson } from '../clone-json.ts';
import type { Answer } from '../exchange.ts';
import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import { jsonEqual } from '../schema/index.ts';
import { conflict, notFound } from '../status-error.ts';
import { encoded, type StoredObject } from '../storage/stored-object.ts';
import { formatted, objectAnswer, success } from './answer.ts';
import { type DeleteOptions, readDeleteOptions } from './delete-options.ts';
import { decideDeletion } from './deletion.ts';
import { admissionCall, type Draft, settle } from './draft.ts';
import { persist } from './persist.ts';
import { accepted } from './view.ts';

/** What a deletion came to. */
export interface Deleted {
  readonly stored: StoredObject;
  /** False: the object waits for its finalizers or its grace. */
  readonly ended: boolean;
}

/** DELETE of one object. */
export const remove: Verb = async (api, call) => {
  const options = await readDeleteOptions(call);
  const deleted = await deleteObject(api, call, call.attributes.name, options);
  return answer(api, call, deleted, options.orphanDependents === false ? 202 : 200);
};

function answer(api: Api, call: ResourceCall, { stored, ended }: Deleted, waiting: number): Answer {
  const { info } = call;
  if (!ended) return objectAnswer(api, call, stored, waiting);
  if (info.deleteReturnsObject) return objectAnswer(api, call, stored);
  const status = success(info, textAt(stored.object, 'metadata', 'name'), textAt(stored.object, 'metadata', 'uid'));
  return formatted(accepted(call, false), status);
}

/** Deletes one object of the call's resource. */
export async function deleteObject(api: Api, call: ResourceCall, name: string, options: DeleteOptions): Promise<Deleted> {
  for (;;) {
    const deleted = await attempt(api, call, name, options);
    if (deleted) return deleted;
  }
}

async function attempt(api: Api, call: ResourceCall, name: string, options: DeleteOptions): Promise<Deleted | undefined> {
  const { info, attributes } = call;
  const namespace = info.namespaced ? attributes.namespace : '';
  const entry = api.objects.entry(info, namespace, name);
  if (!entry) throw notFound(info, name);
  const live = api.objects.read(info, entry);
  demandPreconditions(call, name, live.object, options);
  const { object, ends, marked } = decideDeletion(info, live.object, options, api.clock.now());
  const draft: Draft = {
    call,
    info,
    subresource: '',
    namespace,
    options: options.write,
    old: live.object,
    object,
    applied: true,
    settled: [],
  };
  await admit(api, draft, name);
  if (!ends && jsonEqual(object, live.object)) {
    settle(draft, false);
    return { stored: live, ended: false };
  }
  if (options.dryRun) return { stored: encoded(info, object), ended: ends };
  const stored = await persist(api, draft, { name, expected: entry.revision, deleted: ends && !marked });
  if (!marked || !stored) return stored && { stored, ended: ends };
  const expected = Number(textAt(stored.object, 'metadata', 'resourceVersion'));
  const last = await persist(api, { ...draft, object: cloneJson(stored.object) }, { name, expected, deleted: true });
  return last && { stored: last, ended: true };
}

async function admit(api: Api, draft: Draft, name: string): Promise<void> {
  const admission = { ...admissionCall(draft, 'DELETE'), name, object: undefined };
  try {
    await api.admission.mutate(admission);
    await api.admission.validate(admission);
  } catch (error) {
    settle(draft, false);
    throw error;
  }
}

function demandPreconditions({ info }: ResourceCall, name: string, live: JsonObject, { uid, resourceVersion }: DeleteOptions): void {
  const subject = { group: info.group, plural: info.kind, kind: info.kind };
  const liveUid = textAt(live, 'metadata', 'uid');
  const liveRevision = textAt(live, 'metadata', 'resourceVersion');
  if (uid !== '' && uid !== liveUid) {
    throw conflict(
      subject,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${liveUid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== '' && resourceVersion !== liveRevision) {
    throw conflict(
      subject,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${liveRevision}). The object might have been modified`,
    );
  }
}
