import { rfc3339 } from '@crownlabs/std';
import { cloneJson } from '../clone-json.ts';
import { withCondition } from '../crd/conditions.ts';
import type { JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import { FOREGROUND, metadataOf, ORPHAN } from '../object-meta.ts';
import type { ResourceInfo } from '../resource.ts';
import type { DeleteOptions } from './delete-options.ts';

/** What a delete request makes of an object: its new state, and whether it ends at once. */
export interface Deletion {
  readonly object: JsonObject;
  readonly ends: boolean;
  /** It ends, but watchers first see it marked: without grace, where the kind knows grace. */
  readonly marked: boolean;
}

/** Decides, purely: finalizers by policy, the grace of pods, the phase of namespaces. */
export function decideDeletion(info: ResourceInfo, live: JsonObject, options: DeleteOptions, now: number): Deletion {
  const object = cloneJson(live);
  const metadata = metadataOf(object);
  const graceful = isPod(info);
  if (graceful && isPending(metadata, options)) return { object, ends: false, marked: false };
  setFinalizers(metadata, finalizersAfter(info, live, options));
  if (isNamespace(info) && metadata['deletionTimestamp'] === undefined) {
    metadata['deletionTimestamp'] = rfc3339(now);
    return { object: { ...object, status: { ...objectAt(object, 'status'), phase: 'Terminating' } }, ends: false, marked: false };
  }
  if (isCrd(info) && metadata['deletionTimestamp'] === undefined)
    return { object: endingDefinition(object, now), ends: false, marked: false };
  return ended(info, object, graceful ? { grace: podGrace(live, options.gracePeriodSeconds), now } : { grace: 0, now });
}

/** What becomes of an object with the finalizers that are left and the grace that it gets. */
function ended(info: ResourceInfo, object: JsonObject, { grace, now }: { grace: number; now: number }): Deletion {
  const metadata = metadataOf(object);
  const ends = grace === 0 && textsAt(metadata, 'finalizers').length === 0 && !hasNamespaceFinalizers(info, object);
  const marked = (!ends || isPod(info)) && mark(metadata, grace, now);
  return { object, ends, marked: ends && marked };
}

function finalizersAfter(info: ResourceInfo, live: JsonObject, options: DeleteOptions): string[] {
  const finalizers = policyFinalizers(info, textsAt(live, 'metadata', 'finalizers'), options);
  const cleans = isCrd(info) && !finalizers.includes(CRD_CLEANUP) && textAt(live, 'metadata', 'deletionTimestamp') === '';
  return cleans ? [...finalizers, CRD_CLEANUP] : finalizers;
}

/** Whether the grace that is running stands: who asks again may only shorten it. */
function isPending(metadata: JsonObject, { gracePeriodSeconds: asked }: DeleteOptions): boolean {
  const running = metadata['deletionGracePeriodSeconds'];
  if (metadata['deletionTimestamp'] === undefined || typeof running !== 'number' || running === 0) return false;
  return asked === undefined || (asked < 0 ? 1 : asked) >= running;
}

function setFinalizers(metadata: JsonObject, finalizers: readonly string[]): void {
  if (finalizers.length > 0) metadata['finalizers'] = [...finalizers];
  else delete metadata['finalizers'];
}

/** Which finalizers of the garbage collector the object gets or loses. */
function policyFinalizers(info: ResourceInfo, present: readonly string[], options: DeleteOptions): string[] {
  if (info.defaultPropagation === 'None') return [...present];
  const others = present.filter((one) => one !== ORPHAN && one !== FOREGROUND);
  const policy = policyOf(info, present, options);
  if (policy === 'Orphan') return [...others, ORPHAN];
  return policy === 'Foreground' ? [...others, FOREGROUND] : others;
}

function policyOf(info: ResourceInfo, present: readonly string[], options: DeleteOptions): 'Background' | 'Foreground' | 'Orphan' {
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (options.policy !== undefined) return options.policy;
  if (present.includes(ORPHAN)) return 'Orphan';
  if (present.includes(FOREGROUND)) return 'Foreground';
  return info.defaultPropagation === 'Orphan' ? 'Orphan' : 'Background';
}

/** Sets the time of the deletion; asked again, it may only come sooner. Whether it did. */
function mark(metadata: JsonObject, grace: number, now: number): boolean {
  const before = metadata['deletionGracePeriodSeconds'];
  const marked = metadata['deletionTimestamp'] !== undefined;
  if (marked && (typeof before !== 'number' || before <= grace)) return false;
  metadata['deletionTimestamp'] = rfc3339(now + grace * 1000);
  metadata['deletionGracePeriodSeconds'] = grace;
  const generation = metadata['generation'];
  if (!marked && typeof generation === 'number' && generation > 0) metadata['generation'] = generation + 1;
  return true;
}

const DEFAULT_GRACE = 30;

function podGrace(pod: JsonObject, asked: number | undefined): number {
  const phase = textAt(pod, 'status', 'phase');
  if (textAt(pod, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const period = asked ?? numberAt(pod, 'spec', 'terminationGracePeriodSeconds') ?? DEFAULT_GRACE;
  return period < 0 ? 1 : period;
}

function isPod({ group, plural }: ResourceInfo): boolean {
  return group === '' && plural === 'pods';
}

/** The finalizer that keeps a CRD until its objects are gone. */
export const CRD_CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

function isCrd({ group, plural }: ResourceInfo): boolean {
  return group === 'apiextensions.k8s.io' && plural === 'customresourcedefinitions';
}

/** A definition ends with its objects: they are the grace that it has, and its status says so from the first. */
function endingDefinition(crd: JsonObject, now: number): JsonObject {
  metadataOf(crd)['deletionTimestamp'] = rfc3339(now);
  const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
  const terminating = { type: 'Terminating', status: 'True', reason: 'InstanceDeletionPending', message } as const;
  const conditions = withCondition(objectsAt(crd, 'status', 'conditions'), terminating, now);
  return { ...crd, status: { ...objectAt(crd, 'status'), conditions } };
}

function isNamespace({ group, plural }: ResourceInfo): boolean {
  return group === '' && plural === 'namespaces';
}

function hasNamespaceFinalizers(info: ResourceInfo, object: JsonObject): boolean {
  return isNamespace(info) && textsAt(object, 'spec', 'finalizers').length > 0;
}
