import { randomUUID } from 'node:crypto';
import { rfc3339 } from '@crownlabs/std';
import type { AdmissionCall, Operation } from '../call.ts';
import type { FieldError } from '../field-error.ts';
import { decodeManagers, trackUpdateInTurns } from '../fields/index.ts';
import type { Json, JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import { dropDuplicateOwners, generatedName, metadataErrors, metadataOf, metadataUpdateErrors } from '../object-meta.ts';
import { type Api, type ResourceCall, writeContext } from '../pipeline.ts';
import type { ResourceInfo } from '../resource.ts';
import { jsonEqual } from '../schema/index.ts';
import { invalid } from '../status-error.ts';
import { apiVersionOf } from '../storage/stored-object.ts';
import { nextTurn, overdue } from '../turn.ts';
import type { WriteOptions } from '../write-options.ts';

/** One attempt of a write, on its way through the steps. */
export interface Draft {
  readonly call: ResourceCall;
  readonly info: ResourceInfo;
  readonly subresource: string;
  readonly namespace: string;
  readonly options: WriteOptions;
  /** Absent when it creates. Never changed. */
  readonly old: JsonObject | undefined;
  /** Becomes the new state, in place. */
  object: JsonObject;
  /** With server-side apply ownership was settled by the merge itself. */
  readonly applied: boolean;
  readonly settled: ((persisted: boolean) => void)[];
}

/** One thing that happens to a write. */
export type WriteStep = (draft: Draft, api: Api) => void | Promise<void>;

/** What happens to a new object between decoding and the store, in order. */
export const CREATE: readonly WriteStep[] = [wipe, own, mutate, identify, prepare, validate, admit];

/** What happens to a changed object, in order. */
export const UPDATE: readonly WriteStep[] = [keep, own, mutate, prepare, validate, admit];

/** Runs the steps; whoever reserved something learns of a failure. */
export async function runSteps(steps: readonly WriteStep[], draft: Draft, api: Api): Promise<void> {
  try {
    if (overdue()) await nextTurn();
    for (const step of steps) {
      const waiting = step(draft, api);
      if (waiting) await waiting;
      if (overdue()) await nextTurn();
    }
  } catch (error) {
    settle(draft, false);
    throw error;
  }
}

/** Tells those who reserved something how the write ended. */
export function settle(draft: Draft, persisted: boolean): void {
  for (const callback of draft.settled.splice(0)) callback(persisted);
}

/** Removes what only the server sets. */
function wipe({ object, namespace, info }: Draft): void {
  const metadata = metadataOf(object);
  for (const field of ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'resourceVersion']) {
    delete metadata[field];
  }
  if (info.namespaced) metadata['namespace'] = namespace;
  else delete metadata['namespace'];
}

/** Restores what only the server changes. A uid that is given must be right, so it is left for validation. */
function keep({ object, old }: Draft): void {
  const metadata = metadataOf(object);
  const before = metadataOf(old ?? {});
  if (textAt(metadata, 'uid') === '') metadata['uid'] = before['uid'];
  // That these are given, and are others, is for validation to refuse.
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'])
    if (before[field] !== undefined) metadata[field] ??= before[field];
  for (const field of ['creationTimestamp', 'generation', 'resourceVersion']) {
    if (before[field] === undefined) delete metadata[field];
    else metadata[field] = before[field];
  }
  delete metadata['selfLink'];
}

async function mutate(draft: Draft, api: Api): Promise<void> {
  const admission = admissionCall(draft);
  const owners = metadataOf(draft.object)['managedFields'];
  await api.admission.mutate(admission);
  if (admission.object) draft.object = admission.object;
  restoreOwners(draft, owners);
  warnOfDuplicateOwners(draft);
  draft.info.applyDefaults(draft.object);
}

/** A webhook may write who owns what, but not what nobody can read. */
function restoreOwners({ object, call }: Draft, owners: Json | undefined): void {
  const metadata = metadataOf(object);
  if (metadata['managedFields'] === owners || decodeManagers(metadata['managedFields'])) return;
  if (owners === undefined) delete metadata['managedFields'];
  else metadata['managedFields'] = owners;
  call.warnings.add(
    '.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: an entry cannot be read',
  );
}

function warnOfDuplicateOwners({ object, call }: Draft): void {
  const warning = dropDuplicateOwners(metadataOf(object));
  if (warning !== undefined) call.warnings.add(warning);
}

/** The write as admission plugins see it. */
export function admissionCall(draft: Draft, operation: Operation = draft.old ? 'UPDATE' : 'CREATE'): AdmissionCall {
  const { call, options } = draft;
  return {
    operation,
    user: call.user,
    resource: draft.info,
    subresource: draft.subresource,
    namespace: draft.namespace,
    name: textAt(draft.object, 'metadata', 'name'),
    object: draft.object,
    old: draft.old,
    options: options.json,
    dryRun: options.dryRun,
    get signal() {
      return call.incoming.signal;
    },
    warn: (text) => call.warnings.add(text),
    settled: (callback) => void (options.dryRun || draft.settled.push(callback)),
  };
}

function identify({ object }: Draft, api: Api): void {
  const metadata = metadataOf(object);
  const base = textAt(metadata, 'generateName');
  if (base !== '' && textAt(metadata, 'name') === '') metadata['name'] = generatedName(base);
  metadata['uid'] = randomUUID();
  metadata['creationTimestamp'] = rfc3339(api.clock.now());
}

function prepare(draft: Draft, api: Api): void {
  const { info, object, old } = draft;
  info.prepare(object, old, writeContext(api, draft.call, draft.namespace));
  const metadata = metadataOf(object);
  if (info.generation === 'none') return;
  if (!old) metadata['generation'] = 1;
  else if (draft.subresource !== 'status' && draft.subresource !== 'binding' && counts(info, object, old)) {
    const before = metadataOf(old)['generation'];
    metadata['generation'] = (typeof before === 'number' ? before : 0) + 1;
  }
}

/** Whether the part of the object that `generation` counts has changed. */
function counts(info: ResourceInfo, object: JsonObject, old: JsonObject): boolean {
  if (info.generation === 'spec') return !jsonEqual(object['spec'], old['spec']);
  const { metadata: _, status, ...rest } = object;
  const { metadata: __, status: oldStatus, ...oldRest } = old;
  return !jsonEqual(rest, oldRest) || (!('status' in info.subresources) && !jsonEqual(status, oldStatus));
}

/** Who writes owns what he wrote; what admission and the kind add to it afterwards is nobody's. */
function own(draft: Draft, api: Api): void | Promise<void> {
  warnOfDuplicateOwners(draft);
  // An apply has settled it by merging, and whoever binds a pod to a node does not say so.
  if (draft.applied || draft.subresource === 'binding') return undefined;
  return trackUpdateInTurns({
    before: draft.old,
    after: draft.object,
    manager: draft.options.fieldManager,
    apiVersion: apiVersionOf(draft.info),
    subresource: draft.subresource,
    now: api.clock.now(),
    resource: draft.info,
  });
}

function validate(draft: Draft, api: Api): void {
  const { info, object, old } = draft;
  const errors: FieldError[] = old ? metadataUpdateErrors(info, object, old) : metadataErrors(info, object);
  const context = writeContext(api, draft.call, draft.namespace);
  const found = info.validate(object, old, errors.length === 0 ? context : { ...context, found: errors });
  // An object that is not what it should be is judged as that alone.
  const misnamed = info.custom && draft.subresource !== 'status' && !isCalled(object, info);
  if (!misnamed) errors.push(...found);
  else if (found.length > 0) throw invalid(calledType(object), textAt(object, 'metadata', 'name'), found);
  if (errors.length > 0) throw invalid({ group: info.storage.group, kind: info.kind }, textAt(object, 'metadata', 'name'), errors);
}

const isCalled = (object: JsonObject, info: ResourceInfo) =>
  textAt(object, 'kind') === info.kind && textAt(object, 'apiVersion') === apiVersionOf(info);

/** What an object says it is. */
function calledType(object: JsonObject): { group: string; kind: string } {
  const apiVersion = textAt(object, 'apiVersion');
  return { group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '', kind: textAt(object, 'kind') };
}

async function admit(draft: Draft, api: Api): Promise<void> {
  await api.admission.validate(admissionCall(draft));
}
