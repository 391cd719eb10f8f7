import type { Json, JsonObject } from '../json.ts';
import type { Column, ResourceInfo } from '../resource.ts';
import { age } from './age.ts';
import { readJsonPath } from './json-path.ts';

/** What a table is made with. */
export interface TableOptions {
  readonly metadata: Json | undefined;
  readonly version: string;
  readonly include: 'None' | 'Metadata' | 'Object';
  readonly now: number;
  /** Whether to say what the columns are: watches say it once. */
  readonly columns: boolean;
}

/** Objects as rows for people. */
export function metadataTable(info: ResourceInfo, objects: readonly JsonObject[], options: TableOptions): JsonObject {
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata: tableMetadata(options.metadata),
    columnDefinitions: options.columns ? info.columns.map(definition) : null,
    // CRDs and their objects come from another server in Kubernetes, which writes an empty list as null.
    rows:
      objects.length === 0 && (info.custom || info.group === 'apiextensions.k8s.io')
        ? null
        : objects.map((object) => tableRow(info, object, options)),
  };
}

function tableMetadata(metadata: Json | undefined): JsonObject {
  const kept: JsonObject = {};
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return kept;
  for (const field of ['resourceVersion', 'continue', 'remainingItemCount']) {
    const value = metadata[field];
    if (value !== undefined && value !== '') kept[field] = value;
  }
  return kept;
}

function definition({ name, type, format = '', description = '', priority = 0 }: Column): JsonObject {
  return { name, type, format, description, priority };
}

/** An object as a row. */
export function tableRow(
  info: ResourceInfo,
  object: JsonObject,
  { include, version, now }: Pick<TableOptions, 'include' | 'version' | 'now'>,
): JsonObject {
  const cells = info.columns.map((column) => cell(column, object, now));
  if (include === 'None') return { cells, object: null };
  return { cells, object: include === 'Object' ? object : partialMetadata(object, version) };
}

function cell(column: Column, object: JsonObject, now: number): Json {
  if (column.cell) return column.cell(object, now);
  // A column shows one value: of several the first.
  const [first] = readJsonPath(object, column.path ?? '');
  if (first === undefined || first === null) return null;
  if (column.type === 'date') return age(first, now);
  if (column.type === 'string') return cellText(first);
  return FITS[column.type](first) ? first : null;
}

/** Values of another type than their column's are left out. */
const FITS = {
  integer: (value: Json) => typeof value === 'number' || typeof value === 'bigint',
  number: (value: Json) => typeof value === 'number',
  boolean: (value: Json) => typeof value === 'boolean',
};

function cellText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The metadata of an object alone. */
export function partialMetadata(object: JsonObject, version: string): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object['metadata'] ?? {} };
}
