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

/** The query of a write. */
export function writeQuery(options: WriteOptions, fieldManager: string): Record<string, string | boolean | undefined> {
  return {
    fieldManager: options.fieldManager ?? fieldManager,
    force: options.force,
    dryRun: options.dryRun === true ? 'All' : undefined,
  };
}
