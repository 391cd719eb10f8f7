import { age } from '../../codec/age.ts';
import type { FieldError } from '../../field-error.ts';
import type { Json, JsonObject } from '../../json.ts';
import { numberAt, textAt } from '../../json-read.ts';
import type { Column } from '../../resource.ts';
import { textColumn } from '../cells.ts';
import { FieldCheck } from '../field-check.ts';
import type { Strategy } from '../strategy.ts';

/** The same facts under two names: core/v1 (as stored) and events.k8s.io/v1. */
const NAMES: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function renamed(object: JsonObject, names: readonly (readonly [from: string, to: string])[]): JsonObject {
  const to = new Map(names);
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [to.get(key) ?? key, value]));
}

function toEvents(event: JsonObject): JsonObject {
  return { ...renamed(structuredClone(event), NAMES), apiVersion: 'events.k8s.io/v1' };
}

function toCore(event: JsonObject): JsonObject {
  const back = NAMES.map(([core, events]) => [events, core] as const);
  return { ...renamed(structuredClone(event), back), apiVersion: 'v1' };
}

/** What an event of either API is about. */
interface EventNames {
  readonly about: string;
  readonly reporter: string;
  readonly source: string;
}
const CORE: EventNames = { about: 'involvedObject', reporter: 'reportingComponent', source: 'source' };
const EVENTS: EventNames = { about: 'regarding', reporter: 'reportingController', source: 'deprecatedSource' };

function selectors({ about, reporter, source }: EventNames): NonNullable<Strategy['fieldSelectors']> {
  const out: Record<string, (object: JsonObject) => string> = {
    reason: (object) => textAt(object, 'reason'),
    reportingComponent: (object) => textAt(object, reporter),
    source: (object) => textAt(object, source, 'component') || textAt(object, reporter),
    type: (object) => textAt(object, 'type'),
  };
  for (const field of ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']) {
    out[`${about}.${field}`] = (object) => textAt(object, about, field);
  }
  if (about === 'regarding') out['reportingController'] = (object) => textAt(object, reporter);
  return out;
}

function checkNamespace(event: JsonObject, about: string, check: FieldCheck): void {
  const inside = textAt(event, about, 'namespace');
  const own = textAt(event, 'metadata', 'namespace');
  const matches = inside === own || (inside === '' && own === 'default');
  if (!matches) check.invalid(`${about}.namespace`, inside, 'does not match event.namespace');
}

function validateCore(event: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkNamespace(event, 'involvedObject', check);
  return check.errors;
}

function validateEvents(event: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkNamespace(event, 'regarding', check);
  const time: Json | undefined = event['eventTime'];
  if (!check.required('eventTime', time)) {
    checkType(event, check);
    return check.errors;
  }
  check.required('reportingController', textAt(event, 'reportingController'));
  check.required('reportingInstance', textAt(event, 'reportingInstance'));
  check.required('action', textAt(event, 'action'));
  check.required('reason', textAt(event, 'reason'));
  checkType(event, check);
  return check.errors;
}

function checkType(event: JsonObject, check: FieldCheck): void {
  const type = textAt(event, 'type');
  if (type !== 'Normal' && type !== 'Warning') check.invalid('type', '', `has invalid value: ${type}`);
}

function columns({ about }: EventNames): readonly Column[] {
  const core = about === 'involvedObject';
  const last = (event: JsonObject) =>
    textAt(event, 'series', 'lastObservedTime') ||
    textAt(event, core ? 'lastTimestamp' : 'deprecatedLastTimestamp') ||
    textAt(event, 'eventTime');
  const first = (event: JsonObject) => textAt(event, core ? 'firstTimestamp' : 'deprecatedFirstTimestamp') || textAt(event, 'eventTime');
  const ago = (time: string, now: number) => (time === '' ? '<unknown>' : age(time, now));
  const count = (event: JsonObject) => numberAt(event, 'series', 'count') ?? numberAt(event, core ? 'count' : 'deprecatedCount') ?? 1;
  const subject = (event: JsonObject) => `${textAt(event, about, 'kind').toLowerCase()}/${textAt(event, about, 'name')}`;
  const source = (event: JsonObject) =>
    [
      textAt(event, core ? 'source' : 'deprecatedSource', 'component') ||
        textAt(event, core ? 'reportingComponent' : 'reportingController'),
    ].join('');
  return [
    textColumn('Last Seen', (event, now) => ago(last(event), now)),
    textColumn('Type', (event) => textAt(event, 'type')),
    textColumn('Reason', (event) => textAt(event, 'reason')),
    textColumn('Object', subject),
    textColumn('Subobject', (event) => textAt(event, about, 'fieldPath'), 1),
    textColumn('Source', source, 1),
    textColumn('Message', (event) => textAt(event, core ? 'message' : 'note').trim()),
    textColumn('First Seen', (event, now) => ago(first(event), now), 1),
    { name: 'Count', type: 'integer', priority: 1, cell: count },
    textColumn('Name', (event) => textAt(event, 'metadata', 'name'), 1),
  ];
}

/** Events of core/v1, which is also how all events are stored. */
export const coreEvent: Strategy = { validate: validateCore, convert: toCore, columns: columns(CORE), fieldSelectors: selectors(CORE) };

/** Events of events.k8s.io/v1. */
export const event: Strategy = { validate: validateEvents, convert: toEvents, columns: columns(EVENTS), fieldSelectors: selectors(EVENTS) };
