import type { JsonObject } from '../json.ts';

type Type = 'string' | 'integer' | 'boolean';

const DESCRIPTIONS = {
  allowWatchBookmarks: ['boolean', 'Asks for BOOKMARK events, which carry nothing but a resource version to resume from.'],
  continue: ['string', 'The token of the page before: the list goes on where that ended.'],
  dryRun: ['string', 'All: the request is checked in full and nothing is kept.'],
  fieldManager: ['string', 'Who makes this change, for the ownership of fields.'],
  fieldSelector: ['string', 'Only objects whose fields match.'],
  fieldValidation: ['string', 'What happens to unknown and duplicate fields: Ignore, Warn or Strict.'],
  force: ['boolean', 'Apply takes over fields that another manager owns.'],
  gracePeriodSeconds: ['integer', 'Seconds that the object may take to end.'],
  ignoreStoreReadErrorWithClusterBreakingPotential: ['boolean', 'Deletes an object that cannot be read any more.'],
  labelSelector: ['string', 'Only objects whose labels match.'],
  limit: ['integer', 'The most objects in one answer.'],
  orphanDependents: ['boolean', 'Deprecated: use propagationPolicy.'],
  propagationPolicy: ['string', 'What happens to dependents: Orphan, Background or Foreground.'],
  resourceVersion: ['string', 'From which version the answer may be.'],
  resourceVersionMatch: ['string', 'How resourceVersion is meant: Exact or NotOlderThan.'],
  sendInitialEvents: ['boolean', 'A watch begins with what is there, then a bookmark.'],
  shardSelector: ['string', 'Only a part of the objects, by a hash of a field.'],
  timeoutSeconds: ['integer', 'How long the call may take.'],
  watch: ['boolean', 'Follows changes instead of listing.'],
} satisfies Record<string, readonly [Type, string]>;

/** A query parameter that Kubernetes' documents list. */
export type ParameterName = keyof typeof DESCRIPTIONS;

/** Parameters of reads of a collection. */
export const LIST: readonly ParameterName[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
  'watch',
];

/** Parameters of creations and replacements. */
export const WRITE: readonly ParameterName[] = ['dryRun', 'fieldManager', 'fieldValidation'];

/** Parameters of patches. */
export const PATCH: readonly ParameterName[] = [...WRITE, 'force'];

/** Parameters of deletions. */
export const DELETE: readonly ParameterName[] = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
];

/** Parameters of deletions of a collection. */
export const DELETE_COLLECTION: readonly ParameterName[] = [
  ...new Set([...DELETE, ...LIST.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks')]),
].toSorted();

/** A query parameter. */
export function queryParameter(name: ParameterName): JsonObject {
  const [type, description] = DESCRIPTIONS[name];
  return { name, in: 'query', description, schema: { type, uniqueItems: true } };
}

/** A parameter of the path. */
export function pathParameter(name: string, description: string): JsonObject {
  return { name, in: 'path', required: true, description, schema: { type: 'string', uniqueItems: true } };
}

/** `pretty`, which every path takes. */
export const PRETTY: JsonObject = {
  name: 'pretty',
  in: 'query',
  description: 'If "true", the answer is indented.',
  schema: { type: 'string', uniqueItems: true },
};
