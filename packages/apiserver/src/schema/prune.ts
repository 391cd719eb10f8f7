import { isObject, type Json, type JsonObject } from '../json.ts';
import { coerceMetadata } from './embedded-metadata.ts';
import type { SchemaNode } from './schema-node.ts';

/** Told what pruning found. */
export interface PruneReport {
  /** A field that the schema does not know. */
  unknown(path: string): void;
  /** Metadata of an embedded resource that cannot be read. Without it such metadata is dropped in silence, as on reads. */
  malformed?(path: string, why: string): void;
  /** Whether nulls stay that the schema does not allow. */
  readonly keepsNulls?: boolean;
}

const META_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

function child(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function schemaOf(node: SchemaNode, key: string): SchemaNode | 'nothing' | undefined {
  const declared = node.properties.get(key);
  if (declared !== undefined) return declared;
  // `additionalProperties: true` allows any value, but knows no field inside of it.
  const { additional } = node;
  return additional === true ? 'nothing' : additional || undefined;
}

class Pruning {
  readonly #report: PruneReport;
  readonly unknown: string[] = [];

  constructor(report: PruneReport) {
    this.#report = report;
  }

  value(value: Json | undefined, node: SchemaNode | 'nothing' | undefined, path: string): void {
    if (Array.isArray(value)) this.#list(value, node, path);
    else if (isObject(value)) this.#object(value, node, path);
  }

  /** Whether a value is a null that nothing allows and that no default will replace. */
  drops(value: Json | undefined, node: SchemaNode | 'nothing'): boolean {
    return value === null && node !== 'nothing' && !node.nullable && node.default === undefined && this.#report.keepsNulls !== true;
  }

  #list(list: Json[], node: SchemaNode | 'nothing' | undefined, path: string): void {
    const keep = node instanceof Object && node.preserveUnknown;
    const items = node instanceof Object ? node.items : undefined;
    if (keep && items === undefined) return;
    for (const [index, item] of list.entries()) this.value(item, items ?? 'nothing', `${path}[${index}]`);
  }

  #object(object: JsonObject, node: SchemaNode | 'nothing' | undefined, path: string): void {
    if (node === undefined || node === 'nothing') {
      for (const key of Object.keys(object)) this.#remove(object, key, path);
      return;
    }
    for (const key of Object.keys(object)) {
      if (node.embedded && META_FIELDS.has(key)) continue;
      const known = schemaOf(node, key);
      if (known !== undefined && this.drops(object[key], known)) delete object[key];
      else if (known !== undefined) this.value(object[key], known, child(path, key));
      else if (!node.preserveUnknown) this.#remove(object, key, path);
    }
    if (node.embedded) this.#metadata(object, path);
  }

  #remove(object: JsonObject, key: string, path: string): void {
    delete object[key];
    if (path !== '' || !META_FIELDS.has(key)) this.unknown.push(child(path, key));
  }

  #metadata(object: JsonObject, path: string): void {
    const at = child(path, 'metadata');
    const problem = coerceMetadata(object, (name) => this.unknown.push(`${at}.${name}`));
    if (problem === undefined) return;
    if (this.#report.malformed === undefined) delete object['metadata'];
    else this.#report.malformed(at, problem);
  }
}

/**
 * Removes from one custom resource, in place, what its schema does not know. `apiVersion`, `kind` and `metadata` of the
 * root are the caller's affair. Unknown fields are reported in the order of their paths.
 */
export function prune(root: JsonObject, node: SchemaNode, report: PruneReport): void {
  const pruning = new Pruning(report);
  for (const key of Object.keys(root)) {
    if (META_FIELDS.has(key)) continue;
    const known = schemaOf(node, key);
    if (known !== undefined && pruning.drops(root[key], known)) delete root[key];
    else if (known !== undefined) pruning.value(root[key], known, key);
    else if (!node.preserveUnknown) {
      delete root[key];
      pruning.unknown.push(key);
    }
  }
  for (const path of pruning.unknown.toSorted()) report.unknown(path);
}

/** Whether pruning `value` would remove something: how defaults are checked. */
export function hasUnknownFields(value: Json, node: SchemaNode): boolean {
  const pruning = new Pruning({ unknown: () => undefined, malformed: () => undefined });
  pruning.value(structuredClone(value), node, '$');
  return pruning.unknown.length > 0;
}
