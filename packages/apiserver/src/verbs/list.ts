import { hasCode, LabError } from '@crownlabs/std';
import { encodeJson } from '../codec/json-print.ts';
import { type LongDocument, pieceWriter } from '../codec/pieces.ts';
import { metadataTable, partialMetadata, tableRow } from '../codec/projection.ts';
import type { WholeAnswer } from '../exchange.ts';
import type { Json, JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import type { Api, ResourceCall, Verb } from '../pipeline.ts';
import type { ResourceInfo } from '../resource.ts';
import { StatusError } from '../status-error.ts';
import { apiVersionOf, prefixOf, type StoredObject } from '../storage/stored-object.ts';
import { nextTurn, overdue } from '../turn.ts';
import { formatted, includeObject } from './answer.ts';
import { printToken, readToken } from './continue-token.ts';
import { type ListOptions, readListOptions, type Selection } from './list-options.ts';
import { reached, UNSEEN_REVISION } from './revision.ts';
import { type AcceptedView, accepted } from './view.ts';

/** A list, read at one revision. */
export interface Listed {
  readonly objects: readonly StoredObject[];
  readonly metadata: JsonObject;
}

/** GET of a collection. */
export const list: Verb = async (api, call) => {
  accepted(call, true, true, true);
  const options = readListOptions(call, false);
  const listed = await readList(api, call, options);
  return listAnswer(api, call, accepted(call, true, true), listed);
};

/** Reads a collection as its options say. */
export async function readList(api: Api, call: ResourceCall, options: ListOptions): Promise<Listed> {
  const start = await startOf(api, call, options);
  try {
    if (start.revision === UNSEEN_REVISION) throw new LabError('Expired', 'the store was empty then');
    return await collect(api, call.info, options, start);
  } catch (error) {
    if (options.resume !== '' && hasCode(error, 'Expired')) throw expiredToken(options);
    if (hasCode(error, 'Expired')) throw new StatusError('Expired', `The resourceVersion for the provided list is too old.`);
    throw error;
  }
}

interface Start {
  /** Absent: now. */
  readonly revision: number | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

/** Of one name there is one object at the most, so that no page is too small. */
function pageOf({ attributes }: ResourceCall, { limit }: ListOptions): number {
  return limit > 0 && attributes.name === '' ? limit : Number.MAX_SAFE_INTEGER;
}

async function startOf(api: Api, call: ResourceCall, options: ListOptions): Promise<Start> {
  const { resourceVersion, match, resume } = options;
  const limit = pageOf(call, options);
  const prefix = placeOf(options.selection);
  if (resume !== '') {
    const token = readToken(resume);
    return { revision: token.revision > 0 ? token.revision : undefined, after: prefix + token.after, limit };
  }
  if (resourceVersion === '') return { revision: undefined, after: undefined, limit };
  const revision = Number(resourceVersion);
  if (revision > 0) await reached(api, revision, call.incoming.signal);
  const exact = match === 'Exact' || (match === '' && revision > 0 && options.limit > 0);
  // A list from "any" revision is served whole, as from a cache.
  return {
    revision: exact ? revision : undefined,
    after: undefined,
    limit: revision === 0 && match === '' ? Number.MAX_SAFE_INTEGER : limit,
  };
}

function placeOf({ namespace }: Selection): string {
  return namespace === '' ? '' : `${namespace}/`;
}

async function collect(api: Api, info: ResourceInfo, options: ListOptions, start: Start): Promise<Listed> {
  const { selection } = options;
  const revision = start.revision ?? api.objects.store.revision;
  const paged = start.limit !== Number.MAX_SAFE_INTEGER;
  const found: StoredObject[] = [];
  let after = start.after;
  let at = start.revision;
  let remaining: number;
  do {
    const page = api.objects.page(info, rangeOf(selection, after, paged ? start.limit - found.length : undefined), at);
    // Others may write before the next page is read; it is of the revision that the first was.
    at = revision;
    for (const entry of page.entries) {
      const stored = api.objects.read(info, entry);
      if (selection.matches?.(stored.object) ?? true) found.push(stored);
      if (overdue()) await nextTurn();
    }
    remaining = page.remaining;
    after = page.entries.at(-1)?.name ?? after;
  } while (remaining > 0 && found.length < start.limit);
  return { objects: found, metadata: { resourceVersion: String(revision), ...rest(info, options, { revision, after, remaining }) } };
}

/** What the metadata of a page says of the pages that follow. */
function rest(
  info: ResourceInfo,
  { limit, selection }: ListOptions,
  { revision, after, remaining }: { revision: number; after: string | undefined; remaining: number },
): JsonObject {
  if (limit <= 0 || remaining === 0 || after === undefined) return info.custom ? { continue: '' } : {};
  const token = printToken({ revision, after: after.slice(placeOf(selection).length) });
  return { continue: token, ...(selection.matches ? {} : { remainingItemCount: remaining }) };
}

function rangeOf(
  selection: Selection,
  after: string | undefined,
  limit: number | undefined,
): { prefix: string; after?: string; limit?: number } {
  return { prefix: placeOf(selection), ...(after === undefined ? {} : { after }), ...(limit === undefined ? {} : { limit }) };
}

/** The pages' revision is forgotten; the client may go on with what is there now, at the price of consistency. */
function expiredToken({ resume }: ListOptions): StatusError {
  const { after } = readToken(resume);
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
  return new StatusError('Expired', message, { resume: printToken({ revision: -1, after }) });
}

/** A list in the form that the client asked for. */
export async function listAnswer(api: Api, call: ResourceCall, view: AcceptedView, listed: Listed): Promise<WholeAnswer> {
  const { info } = call;
  if (view.view === 'object' && view.format === 'json') return encodedList(info, listed.objects, listed.metadata);
  const { head, list: field, empty, item } = shownAs(api, call, view, listed.metadata);
  if (listed.objects.length === 0) return formatted(view, { ...head, [field]: empty });
  const writer = pieceWriter(view.format, { head, list: field });
  const parts = [writer.begin];
  for (let at = 0; at < listed.objects.length; at += AT_A_TIME) {
    parts.push(
      writer.piece(
        listed.objects.slice(at, at + AT_A_TIME).map(({ object }) => item(object)),
        at === 0,
      ),
    );
    if (overdue()) await nextTurn();
  }
  return { status: 200, headers: { 'content-type': writer.type }, parts: writer.whole(parts) };
}

// As many take about a millisecond in the slowest format.
const AT_A_TIME = 4;

/** How a list of objects looks in a view: its head, the name of its list, and each of its items. */
interface Shown extends LongDocument {
  readonly empty: Json;
  item(object: JsonObject): JsonObject;
}

function shownAs(api: Api, call: ResourceCall, { view, viewVersion: version }: AcceptedView, metadata: JsonObject): Shown {
  const { info } = call;
  if (view === 'table') {
    const options = { metadata, version, include: includeObject(call), now: api.clock.now(), columns: true };
    const { rows = null, ...head } = metadataTable(info, [], options);
    return { head: { ...head, ...typeOf(head) }, list: 'rows', empty: rows, item: (object) => tableRow(info, object, options) };
  }
  if (view === 'metadata') {
    const { continue: token, ...rest } = metadata;
    const kept = token === '' ? rest : metadata;
    const head = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata: kept };
    return { head, list: 'items', empty: null, item: (object) => partialMetadata(object, version) };
  }
  return {
    head: { kind: info.listKind, apiVersion: apiVersionOf(info), metadata },
    list: 'items',
    empty: [],
    item: info.custom ? (object) => object : withoutType,
  };
}

/** Items of built-in kinds go without their kind. */
function withoutType(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'kind' && key !== 'apiVersion'));
}

function typeOf(head: JsonObject): { kind: string; apiVersion: string } {
  return { kind: textAt(head, 'kind'), apiVersion: textAt(head, 'apiVersion') };
}

const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');
const COMMA_OPEN = Buffer.from(',{');
const END = Buffer.from(']}');
const JSON_HEADERS = { 'content-type': 'application/json' };

/** Puts encoded objects together without touching them; items of built-in kinds go without their kind. */
function encodedList(info: ResourceInfo, objects: readonly StoredObject[], metadata: JsonObject): WholeAnswer {
  const head = { kind: info.listKind, apiVersion: apiVersionOf(info), metadata };
  const open = Buffer.from(encodeJson(head)).subarray(0, -1);
  const parts: Uint8Array[] = [open, Buffer.from(',"items":[')];
  const skip = info.custom ? 0 : prefixOf(info).length;
  objects.forEach(({ bytes }, index) => {
    if (skip > 0) parts.push(index === 0 ? OPEN : COMMA_OPEN, bytes.subarray(skip));
    else if (index === 0) parts.push(bytes);
    else parts.push(COMMA, bytes);
  });
  parts.push(END);
  return { status: 200, headers: JSON_HEADERS, parts };
}
