import { encodeJson, encodeJsonToKeep } from '../codec/json-print.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import { KeptObject } from './kept-object.ts';
import { plainCopy } from './plain-copy.ts';

/** An object in both its forms: decoded, and encoded once for everybody who reads it. Neither may be changed. */
export interface StoredObject {
  /** Of which version, and of which generation of its schema, this is the normal form. */
  readonly info: ResourceInfo;
  readonly object: JsonObject;
  readonly bytes: Uint8Array;
  /** A frozen copy for the rooms of this process, without managers. */
  readonly plain: JsonObject;
}

/** The object in its wire order with its revision, to be kept. `object` is taken over, not copied. */
export function present(info: ResourceInfo, object: JsonObject, revision: number): KeptObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  metadata['resourceVersion'] = String(revision);
  const ordered = inWireOrder(info, object);
  return new KeptObject(info, encodeJsonToKeep(ordered), ordered);
}

/** The object as it is, with its bytes. */
export function encoded(info: ResourceInfo, object: JsonObject): StoredObject {
  const ordered = inWireOrder(info, object);
  return {
    info,
    object: ordered,
    bytes: encodeJson(ordered),
    get plain() {
      return plainCopy(ordered);
    },
  };
}

/** `apiVersion` and `kind` first: lists of built-in kinds cut exactly that prefix off. */
function inWireOrder(info: ResourceInfo, object: JsonObject): JsonObject {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  return { kind: info.kind, apiVersion: apiVersionOf(info), metadata, ...rest };
}

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Pick<ResourceInfo, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`;
}

const prefixes = new WeakMap<ResourceInfo, Buffer>();

/** The bytes with which every encoded object of a version begins: its kind and apiVersion, and the comma behind them. */
export function prefixOf(info: ResourceInfo): Buffer {
  let prefix = prefixes.get(info);
  if (!prefix) {
    prefix = Buffer.from(`{"kind":${JSON.stringify(info.kind)},"apiVersion":${JSON.stringify(apiVersionOf(info))},`);
    prefixes.set(info, prefix);
  }
  return prefix;
}
