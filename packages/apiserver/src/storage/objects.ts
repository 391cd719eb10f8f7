import { hasCode } from '@crownlabs/std';
import type { Entry, LogEvent, Page, Range, Store } from '@crownlabs/store';
import { cloneJson } from '../clone-json.ts';
import type { JsonObject } from '../json.ts';
import type { ObjectListener, ObjectReader, StoredKind } from '../object-reader.ts';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';
import { KeptObject } from './kept-object.ts';
import { apiVersionOf, encoded, prefixOf, present, type StoredObject } from './stored-object.ts';

/** The store seen as objects: keys from coordinates, decoded forms beside the bytes, old objects brought into today's form when read. */
export class Objects {
  readonly store: Store;
  readonly #registry: Registry;

  constructor(store: Store, registry: Registry) {
    this.store = store;
    this.#registry = registry;
  }

  /** Where the objects of a resource lie. */
  static bucket({ storage }: Pick<ResourceInfo, 'storage'>): string {
    return `${storage.group}/${storage.plural}`;
  }

  static key(namespace: string, name: string): string {
    return namespace === '' ? name : `${namespace}/${name}`;
  }

  entry(info: ResourceInfo, namespace: string, name: string): Entry | undefined {
    return this.store.get(Objects.bucket(info), Objects.key(namespace, name));
  }

  /** The object in the version of `info`. */
  get(info: ResourceInfo, namespace: string, name: string): StoredObject | undefined {
    const entry = this.entry(info, namespace, name);
    return entry && this.read(info, entry);
  }

  /** Entries now, or at `revision`: a snapshot, to be read at leisure. */
  page(info: ResourceInfo, range: Range, revision?: number): Page {
    const bucket = Objects.bucket(info);
    return revision === undefined ? this.store.list(bucket, range) : this.store.listAt(bucket, revision, range);
  }

  /** An entry as an object of the version of `info`. */
  read(info: ResourceInfo, entry: Entry): StoredObject {
    const stored = this.#normal(info, entry);
    return stored.info === info ? stored : converted(info, stored);
  }

  /** In storage version; `info` may be any version of the resource. */
  #normal(info: ResourceInfo, entry: Entry): StoredObject {
    const storage = this.storageInfo(info);
    const cached = entry.decoded;
    if (cached instanceof KeptObject && cached.info === storage) return cached;
    const read = new KeptObject(storage, entry.bytes);
    const normal = !storage.custom && startsAs(storage, entry.bytes) ? read : normalized(storage, read.object, entry);
    entry.decoded = normal;
    return normal;
  }

  /** The resource in its storage version. */
  storageInfo(info: ResourceInfo): ResourceInfo {
    const { storage, storageVersion } = info;
    if (storage.group === info.group && storage.plural === info.plural && storageVersion === info.version) return info;
    return this.#registry.find(storage.group, storageVersion, storage.plural) ?? info;
  }

  /** Writes the new state of an object, given in the version of `info`. Throws the store's Conflict. */
  async write(
    info: ResourceInfo,
    object: JsonObject,
    options: { key: string; expected: number; deleted?: boolean },
  ): Promise<StoredObject> {
    const storage = this.storageInfo(info);
    const state = storage === info ? object : convert(storage, object);
    const entry = await this.store.write({
      bucket: Objects.bucket(info),
      name: options.key,
      expected: options.expected,
      ...(options.deleted === undefined ? {} : { deleted: options.deleted }),
      encode(revision) {
        const stored = present(storage, state, revision);
        return { bytes: stored.bytes, decoded: stored };
      },
    });
    return this.read(info, entry);
  }

  /** Committed objects for the rooms inside the API. */
  reader(): ObjectReader {
    return new CommittedReader(this, this.#registry);
  }
}

/**
 * What custom resources gained or lost by a change of their schema shows when they are read. Built-in kinds change with a new
 * version of this program alone, and lie in the log as they are served.
 */
function normalized(storage: ResourceInfo, object: JsonObject, entry: Entry): StoredObject {
  const copy = cloneJson(object);
  if (copy['apiVersion'] !== apiVersionOf(storage)) storage.convert?.(copy);
  storage.prune(copy, () => undefined);
  storage.applyDefaults(copy);
  const normal = present(storage, copy, entry.revision);
  // Usually nothing changed, and one copy of the bytes is enough.
  return Buffer.compare(normal.bytes, entry.bytes) === 0 ? new KeptObject(storage, entry.bytes, normal.object) : normal;
}

/** Whether encoded bytes are those of an object of this very version. */
function startsAs(info: ResourceInfo, bytes: Uint8Array): boolean {
  const prefix = prefixOf(info);
  return bytes.length > prefix.length && Buffer.compare(prefix, bytes.subarray(0, prefix.length)) === 0;
}

/** The object in another served version of the same resource. */
export function convert(info: ResourceInfo, object: JsonObject): JsonObject {
  const copy = cloneJson(object);
  const result = info.convert?.(copy) ?? copy;
  result['apiVersion'] = apiVersionOf(info);
  result['kind'] = info.kind;
  info.prune(result, () => undefined);
  // A custom object is stored once: what its other versions would add is added when it is written in them, not when it is read.
  if (!info.custom || info.version === info.storageVersion) info.applyDefaults(result);
  return result;
}

function converted(info: ResourceInfo, stored: StoredObject): StoredObject {
  return encoded(info, convert(info, stored.object));
}

/** Whether an error is the store saying that somebody else was faster. */
export function lostRace(error: unknown): boolean {
  return hasCode(error, 'Conflict');
}

class CommittedReader implements ObjectReader {
  readonly #objects: Objects;
  readonly #registry: Registry;

  constructor(objects: Objects, registry: Registry) {
    this.#objects = objects;
    this.#registry = registry;
  }

  #info(kind: StoredKind): ResourceInfo | undefined {
    const versions = this.#registry.versions(kind.group, kind.plural);
    return versions.find((one) => one.version === one.storageVersion) ?? versions[0];
  }

  get(kind: StoredKind, name: string, namespace = ''): JsonObject | undefined {
    const info = this.#info(kind);
    return info && this.#objects.get(info, namespace, name)?.object;
  }

  list(kind: StoredKind, namespace = ''): readonly JsonObject[] {
    const info = this.#info(kind);
    if (!info) return [];
    const { entries } = this.#objects.page(info, namespace === '' ? {} : { prefix: `${namespace}/` });
    return entries.map((entry) => this.#objects.read(info, entry).object);
  }

  onChange(kind: StoredKind, listener: ObjectListener): () => void {
    return this.#objects.store.subscribe(`${kind.group}/${kind.plural}`, (events) => {
      const info = this.#info(kind);
      if (info) for (const event of events) this.#tell(info, event, listener);
    });
  }

  #tell(info: ResourceInfo, event: LogEvent, listener: ObjectListener): void {
    const now = event.deleted ? undefined : this.#objects.read(info, event.entry).object;
    listener(now, event.previous && this.#objects.read(info, event.previous).object);
  }
}
