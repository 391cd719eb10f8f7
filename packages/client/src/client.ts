import type { Clock, Logger } from '@crownlabs/std';
import type { KubeObject, ObjectMeta, Resource } from './object.ts';

/** What narrows a list or a watch. Selectors have Kubernetes' own syntax: `a=b,c in (d,e)`, `spec.nodeName=n1`. */
export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Who a patch or apply is from, for field ownership. */
export interface WriteOptions {
  readonly fieldManager?: string;
  /** With apply: take over fields that another manager owns. */
  readonly force?: boolean;
  readonly subresource?: 'status' | 'scale';
  readonly dryRun?: boolean;
}

/** Options of a delete. */
export interface DeleteOptions {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** An object with its metadata optional in the parts that the server fills in. */
export type Applied<T extends KubeObject> = { [K in keyof T]?: unknown } & {
  apiVersion: string;
  kind: string;
  metadata: Partial<ObjectMeta> & { name: string };
};

/** An object as one creates it: named, or named by the server after `generateName`. */
export type New<T extends KubeObject> = Omit<T, 'metadata'> & { metadata: Partial<ObjectMeta> };

/** One change, as a watch delivers it. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** A list and the revision it was read at. */
export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

/**
 * A typed Kubernetes client over a transport. Every failure is a LabError whose code is the Status' reason;
 * the Status itself is its cause. Objects that it returns are not to be changed: within a process they are shared with the API and
 * frozen, and come without `metadata.managedFields`.
 */
export interface KubeClient {
  /** Reads one object; throws NotFound. */
  get<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T>;
  /** Like get; `undefined` instead of NotFound. */
  find<T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string): Promise<T | undefined>;
  /** The whole list, fetched in pages. */
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** POST. */
  create<T extends KubeObject>(
    resource: Resource<T>,
    object: Omit<T, 'metadata'> & { metadata: Record<string, unknown> },
    options?: WriteOptions,
  ): Promise<T>;
  /** PUT: `metadata.resourceVersion` decides whether it still may. */
  replace<T extends KubeObject>(resource: Resource<T>, object: T, options?: WriteOptions): Promise<T>;
  /** A JSON merge patch (RFC 7396); an array is a JSON patch (RFC 6902). */
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: string,
    namespace: string | undefined,
    patch: unknown,
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply: creates or converges, owning the fields given. `fieldManager` defaults to the client's own. */
  apply<T extends KubeObject>(resource: Resource<T>, object: Applied<T>, options?: WriteOptions): Promise<T>;
  /** Deletes; resolves also when it is already gone. */
  delete(resource: Resource, name: string, namespace?: string, options?: DeleteOptions): Promise<void>;
  /** Deletes all objects that the options select, in one request. */
  deleteCollection(resource: Resource, options: ListOptions): Promise<void>;
  /** Events after `resourceVersion`; their objects are shared and frozen, and come without `metadata.managedFields`. Throws Expired when the server has forgotten it; ends when the server closes. */
  watch<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & { resourceVersion?: string },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>>;
  /** Any path, for what has no typed call: parses JSON, throws as the typed calls do. */
  raw(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<unknown>;
}

/** A live, local copy of a list. Objects are frozen, never change one; they come without `metadata.managedFields`. */
export interface Informer<T extends KubeObject> {
  /** Resolves when the first list has been read. */
  synced(signal?: AbortSignal): Promise<void>;
  /** True once the first list has been read. */
  readonly hasSynced: boolean;
  get(name: string, namespace?: string): T | undefined;
  list(): readonly T[];
  /** Objects whose `index` function (given at creation) yields `value`. */
  byIndex(index: string, value: string): readonly T[];
  /** Called for every change, with the state before and after; what is there already is announced at once. Returns the way to stop. */
  onChange(listener: (now: T | undefined, before: T | undefined) => void): () => void;
}

/** Options of an informer. */
export interface InformerOptions<T extends KubeObject> extends ListOptions {
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
  /** What does not fit is as if it were not there. */
  readonly only?: (object: T) => boolean;
  readonly clock?: Clock;
  readonly log?: Logger;
}
