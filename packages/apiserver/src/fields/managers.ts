import { isObject, type Json, type JsonObject } from '../json.ts';
import { FieldSet } from './field-set.ts';
import { decodeFieldsV1, encodeFieldsV1 } from './fields-v1.ts';

/** One entry of `metadata.managedFields`: who owns which fields. */
export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** Two entries with the same identity are one manager. An applier is the same in every version. */
export function identityOf(manager: Pick<Manager, 'name' | 'operation' | 'apiVersion' | 'subresource'>): string {
  const version = manager.operation === 'Apply' ? '' : manager.apiVersion;
  return JSON.stringify([manager.name, manager.operation, version, manager.subresource]);
}

/** The managers of one object, by identity. */
export type Managers = Map<string, Manager>;

function textOf(entry: JsonObject, key: string): string {
  const value = entry[key];
  return typeof value === 'string' ? value : '';
}

function decodeEntry(entry: Json): Manager | undefined {
  if (!isObject(entry)) return undefined;
  const operation = entry['operation'];
  const fields = entry['fieldsV1'] === undefined ? new FieldSet() : decodeFieldsV1(entry['fieldsV1']);
  if ((operation !== 'Apply' && operation !== 'Update') || !fields) return undefined;
  const name = textOf(entry, 'manager');
  const time = textOf(entry, 'time') || undefined;
  return { name, operation, apiVersion: textOf(entry, 'apiVersion'), subresource: textOf(entry, 'subresource'), time, fields };
}

/** Reads `metadata.managedFields`; `undefined` where an entry cannot be read. */
export function decodeManagers(entries: Json | undefined): Managers | undefined {
  const managers: Managers = new Map();
  if (!Array.isArray(entries)) return managers;
  for (const entry of entries) {
    const manager = decodeEntry(entry);
    if (!manager) return undefined;
    managers.set(identityOf(manager), manager);
  }
  return managers;
}

function encodeEntry({ name, operation, apiVersion, subresource, time, fields }: Manager): JsonObject {
  return {
    manager: name,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  };
}

function inOrder(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

const MOST_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** At most ten updaters: the oldest ones become one entry per version. Appliers are never merged, they may want their fields back. */
function capped(managers: readonly Manager[]): Manager[] {
  const updaters = managers.filter((one) => one.operation === 'Update').toSorted(inOrder);
  const excess = updaters.length - MOST_UPDATERS;
  if (excess <= 0) return [...managers];
  // One more has to go, to make room for the entry that they become.
  const old = new Set(updaters.filter((one) => one.name !== ANCIENT).slice(0, excess + 1));
  const out = managers.filter((one) => !old.has(one) && one.name !== ANCIENT);
  const ancient: Managers = new Map();
  for (const one of [...managers.filter((entry) => entry.name === ANCIENT), ...old]) {
    const merged = { ...one, name: ANCIENT, subresource: '' };
    const known = ancient.get(identityOf(merged));
    ancient.set(identityOf(merged), known ? { ...merged, fields: known.fields.union(one.fields) } : merged);
  }
  return [...out, ...ancient.values()];
}

/** Writes the managers into `object`, in their fixed order. */
export function writeManagers(object: JsonObject, managers: Managers): void {
  const metadata = object['metadata'];
  if (!isObject(metadata)) return;
  const entries = capped([...managers.values()].filter((one) => !one.fields.isEmpty)).toSorted(inOrder);
  if (entries.length === 0) delete metadata['managedFields'];
  else metadata['managedFields'] = entries.map(encodeEntry);
}
