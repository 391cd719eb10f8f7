import { LabError } from '@crownlabs/std';
import type { FieldError } from '../field-error.ts';
import type { JsonObject } from '../json.ts';
import type { ResourceCall } from '../pipeline.ts';
import { plainError } from '../plain-error.ts';
import { isTrue } from '../request-attributes.ts';
import { type FieldTerm, fieldMatcher, parseFieldTerms, pinned } from '../select/field-selector.ts';
import { type LabelMatcher, parseLabelSelector } from '../select/label-selector.ts';
import { invalid } from '../status-error.ts';

/** Which objects of a collection are meant. */
export interface Selection {
  /** `''` means all namespaces. */
  readonly namespace: string;
  /** Set when a field selector pins the name. */
  readonly name: string | undefined;
  /** Absent: everything matches. */
  readonly matches: ((object: JsonObject) => boolean) | undefined;
  /** Selections with the same key select the same. */
  readonly key: string;
}

/** The options of a list or watch. */
export interface ListOptions {
  readonly selection: Selection;
  /** `''`: not given. */
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  readonly limit: number;
  readonly resume: string;
  readonly timeoutSeconds: number | undefined;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

/** Reads and checks the options. A list and a watch refuse different combinations. */
export function readListOptions(call: ResourceCall, watch: boolean): ListOptions {
  const { query } = call;
  const options = givenOptions(call);
  const match = query.get('resourceVersionMatch') ?? '';
  const errors = watch ? watchErrors(options, match) : listErrors(options, match);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors);
  demandRevision(options.resourceVersion, watch);
  if (!watch && options.resume !== '' && options.resourceVersion !== '' && options.resourceVersion !== '0') {
    throw new LabError('BadRequest', 'specifying resource version is not allowed when using continue');
  }
  return { ...options, match: match === 'Exact' || match === 'NotOlderThan' ? match : '' };
}

function givenOptions(call: ResourceCall): Partial {
  const { query } = call;
  return {
    limit: wholeNumber(query, 'limit') ?? 0,
    timeoutSeconds: wholeNumber(query, 'timeoutSeconds'),
    selection: readSelection(call),
    resourceVersion: query.get('resourceVersion') ?? '',
    resume: query.get('continue') ?? '',
    bookmarks: isTrue(query, 'allowWatchBookmarks'),
    sendInitialEvents: query.has('sendInitialEvents') ? isTrue(query, 'sendInitialEvents') : undefined,
  };
}

/** The selectors of a request. */
export function readSelection(call: ResourceCall): Selection {
  const { info, attributes, query } = call;
  const labels = parseLabelSelector(query.get('labelSelector'));
  const terms = parseFieldTerms(query.get('fieldSelector'));
  const fields = fieldMatcher(info, terms);
  const named = legacyName(call, terms);
  return {
    namespace: info.namespaced ? attributes.namespace : '',
    name: named,
    matches: both(labels, fields, named !== undefined && terms.length === 0 ? named : undefined),
    key: JSON.stringify([attributes.namespace, query.get('labelSelector'), query.get('fieldSelector'), named]),
  };
}

/** The name that a field selector pins, or that the path of the old watch form gives. */
function legacyName(call: ResourceCall, terms: readonly FieldTerm[]): string | undefined {
  return pinned(terms, 'metadata.name') ?? (call.attributes.name === '' ? undefined : call.attributes.name);
}

function both(
  labels: LabelMatcher | undefined,
  fields: ((object: JsonObject) => boolean) | undefined,
  name: string | undefined,
): ((object: JsonObject) => boolean) | undefined {
  if (!labels && !fields && name === undefined) return undefined;
  return (object) => {
    const metadata = object['metadata'] as { labels?: Record<string, unknown>; name?: string } | undefined;
    if (name !== undefined && metadata?.name !== name) return false;
    return (labels?.(metadata?.labels) ?? true) && (fields?.(object) ?? true);
  };
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^-?\d+$/.test(value)) throw new LabError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

function demandRevision(revision: string, watch: boolean): void {
  if (revision === '' || /^\d+$/.test(revision)) return;
  const why = `resourceVersion: Invalid value: ${JSON.stringify(revision)}: strconv.ParseUint: parsing ${JSON.stringify(revision)}: invalid syntax`;
  if (watch) throw plainError(why);
  throw new LabError('BadRequest', `invalid resource version: ${why}`);
}

type Partial = Omit<ListOptions, 'match'>;

const MATCH = 'resourceVersionMatch';

function refused(field: string, why: string): FieldError {
  return { type: 'FieldValueForbidden', field, message: `Forbidden: ${why}` };
}

function unsupported(value: string, supported: string): FieldError {
  return {
    type: 'FieldValueNotSupported',
    field: MATCH,
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`,
  };
}

function listErrors({ resourceVersion, resume, sendInitialEvents }: Partial, match: string): FieldError[] {
  const errors: FieldError[] = [];
  if (match !== '') {
    if (resourceVersion === '') errors.push(refused(MATCH, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (resume !== '') errors.push(refused(MATCH, 'resourceVersionMatch is forbidden when continue is provided'));
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(unsupported(match, '"Exact", "NotOlderThan", ""'));
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(refused(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
    }
  }
  if (sendInitialEvents !== undefined) errors.push(refused('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors({ resume, sendInitialEvents }: Partial, match: string): FieldError[] {
  const errors: FieldError[] = [];
  if (sendInitialEvents !== undefined) {
    if (match !== 'NotOlderThan') errors.push(refused(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  } else if (match !== '') {
    errors.push(refused(MATCH, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
  }
  if (match !== '' && match !== 'NotOlderThan') errors.push(unsupported(match, '"NotOlderThan"'));
  if (resume !== '') errors.push(refused(MATCH, 'resourceVersionMatch is forbidden when continue is provided'));
  return errors;
}
