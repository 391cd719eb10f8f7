import type { ListOptions, WriteOptions } from './client.ts';
import type { Resource } from './object.ts';

/** The path of a resource's collection, in one namespace or in all. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${resource.plural}`;
}

/** The path of one object. */
export function objectPath(resource: Resource, name: string, namespace?: string): string {
  return `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;
}

// A client writes with the same few options again and again.
const queries = new Map<string, string>();
const MOST_QUERIES = 200;

/** The query string of a write. */
export function writeQueryString(options: WriteOptions, fieldManager: string): string {
  const { force, dryRun } = options;
  const manager = options.fieldManager ?? fieldManager;
  const key = `${force} ${dryRun} ${manager}`;
  const known = queries.get(key);
  if (known !== undefined) return known;
  const text = queryString({ fieldManager: manager, force, dryRun: dryRun === true ? 'All' : undefined });
  if (queries.size >= MOST_QUERIES) queries.clear();
  queries.set(key, text);
  return text;
}

/** A query string with its question mark, or nothing; absent values are left out. */
export function queryString(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** What a list or watch narrows itself by. */
export function selectorQuery({ labelSelector, fieldSelector }: ListOptions): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}
