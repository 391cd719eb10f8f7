import { encodeJson } from '../codec/json-print.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';

/** An object as it lies in memory: decoded, and encoded once for everybody who reads it. Neither may be changed. */
export interface StoredObject {
  /** Of which version, and of which generation of its schema, this is the normal form. */
  readonly info: ResourceInfo;
  readonly object: JsonObject;
  readonly bytes: Uint8Array;
}

/** The object in its wire order with its revision, and as bytes. `object` is taken over, not copied. */
export function present(info: ResourceInfo, object: JsonObject, revision: number): StoredObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  metadata['resourceVersion'] = String(revision);
  return encoded(info, object);
}

/** The object as it is, with its bytes. */
export function encoded(info: ResourceInfo, object: JsonObject): StoredObject {
  const ordered = inWireOrder(info, object);
  return { info, object: ordered, bytes: encodeJson(ordered) };
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

/** How many bytes of an encoded object are its kind and apiVersion, with the comma behind them. */
export function prefixLength(info: ResourceInfo): number {
  return Buffer.byteLength(`{"kind":${JSON.stringify(info.kind)},"apiVersion":${JSON.stringify(apiVersionOf(info))},`);
}
