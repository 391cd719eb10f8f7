import { age } from '../../codec/age.ts';
import type { FieldError } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, textAt } from '../../json-read.ts';
import type { Column } from '../../resource.ts';
import { jsonEqual, qualifiedNameProblems } from '../../schema/index.ts';
import { textColumn } from '../cells.ts';
import { FieldCheck, IMMUTABLE } from '../field-check.ts';
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

const NO_MATCH = 'does not match event.namespace';

/** What holds of events of both APIs: those with a time of their own say who tells of what. */
function checkEvent(event: JsonObject, { about, reporter }: EventNames, check: FieldCheck): void {
  const inside = textAt(event, about, 'namespace');
  const own = textAt(event, 'metadata', 'namespace');
  const field = 'involvedObject.namespace';
  if (textAt(event, 'eventTime') === '') {
    if (inside !== own && !(inside === '' && own === 'default')) check.invalid(field, inside, NO_MATCH);
    return;
  }
  if (inside === '' && own !== 'default' && own !== 'kube-system') check.invalid(field, inside, NO_MATCH);
  const controller = textAt(event, reporter);
  check.required(reporter, controller);
  check.named(reporter, controller, qualifiedNameProblems);
  for (const [name, most] of [
    ['reportingInstance', 128],
    ['action', 128],
    ['reason', 128],
  ] as const) {
    check.required(name, textAt(event, name));
    if (Buffer.byteLength(textAt(event, name)) > most) check.invalid(name, '', `can have at most ${most} characters`);
  }
  const told = textAt(event, about === 'regarding' ? 'note' : 'message');
  if (Buffer.byteLength(told) > 1024) check.invalid('message', '', 'can have at most 1024 characters');
}

function validateCore(event: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkEvent(event, CORE, check);
  return check.errors;
}

/** How an event of the newer API may begin. */
function validateNew(event: JsonObject): FieldError[] {
  const check = new FieldCheck();
  checkSeries(event, check);
  check.required('eventTime', textAt(event, 'eventTime'));
  checkType(event, check);
  for (const [field, name] of [
    ['deprecatedFirstTimestamp', 'firstTimestamp'],
    ['deprecatedLastTimestamp', 'lastTimestamp'],
  ] as const)
    if (textAt(event, field) !== '') check.invalid(name, '', UNSET);
  if ((numberAt(event, 'deprecatedCount') ?? 0) !== 0) check.invalid('count', '', UNSET);
  if (textAt(event, 'deprecatedSource', 'component') !== '' || textAt(event, 'deprecatedSource', 'host') !== '')
    check.invalid('source', '', UNSET);
  return check.errors;
}

const UNSET = 'needs to be unset';

function checkSeries(event: JsonObject, check: FieldCheck): void {
  const series = objectAt(event, 'series');
  if (!series) return;
  if ((numberAt(series, 'count') ?? 0) < 2) check.invalid('series.count', '', 'should be at least 2');
  check.required('series.lastObservedTime', textAt(series, 'lastObservedTime'));
}

/** What happened stays as it was told; only how often it did may grow. */
const FIXED: readonly (readonly [field: string, name: string])[] = [
  ['regarding', 'involvedObject'],
  ['reason', 'reason'],
  ['note', 'message'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
  ['reason', 'reason'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
];

function validateChanged(event: JsonObject, old: JsonObject): FieldError[] {
  const check = new FieldCheck();
  if (!jsonEqual(event['series'], old['series'])) checkSeries(event, check);
  for (const [field, name] of FIXED) if (!jsonEqual(event[field], old[field])) check.invalid(name, event[field], IMMUTABLE);
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
    textColumn('Count', count, 1),
    { ...textColumn('Name', (event) => textAt(event, 'metadata', 'name'), 1), format: 'name' },
  ];
}

/** Events of core/v1, which is also how all events are stored. */
export const coreEvent: Strategy = { validate: validateCore, convert: toCore, columns: columns(CORE), fieldSelectors: selectors(CORE) };

/** Events of events.k8s.io/v1. */
export const event: Strategy = {
  validate(object) {
    const check = new FieldCheck();
    checkEvent(object, EVENTS, check);
    return check.errors;
  },
  validateCreate: validateNew,
  validateUpdate: validateChanged,
  convert: toEvents,
  columns: columns(EVENTS),
  fieldSelectors: selectors(EVENTS),
};
