import type { Entry } from '@crownlabs/store';
import { cloneJson } from '../clone-json.ts';
import { encodeJson } from '../codec/json-print.ts';
import { type Format, PROTOBUF } from '../codec/negotiate.ts';
import { metadataTable, partialMetadata } from '../codec/projection.ts';
import type { JsonObject } from '../json.ts';
import { encodeProtobufEvent } from '../kinds/index.ts';
import { metadataOf } from '../object-meta.ts';
import type { ResourceInfo } from '../resource.ts';
import type { Objects } from '../storage/objects.ts';
import { apiVersionOf } from '../storage/stored-object.ts';
import type { AcceptedView } from './view.ts';
import type { Chunk } from './watch-hub.ts';

/** Types of watch events. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

const HEADS = Object.fromEntries(
  (['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'] as const).map((type) => [type, Buffer.from(`{"type":"${type}","object":`)]),
);
const TAIL = Buffer.from('}\n');

/** One line of a watch. */
function frame(type: EventType, object: Uint8Array): Uint8Array {
  return Buffer.concat([HEADS[type] ?? TAIL, object, TAIL]);
}

/** One event of a watch, of an object that is not encoded yet. */
function objectFrame(format: Format, type: EventType, object: JsonObject): Uint8Array {
  return format === 'protobuf' ? encodeProtobufEvent(type, object) : frame(type, encodeJson(object));
}

/** How a watcher sees objects. Watchers with the same `key` send the same bytes. */
export class WatchView {
  readonly key: string;
  readonly #view: AcceptedView;
  readonly #include: 'None' | 'Metadata' | 'Object';
  readonly #objects: Objects;
  #tableBegun = false;

  constructor(objects: Objects, info: ResourceInfo, view: AcceptedView, include: 'None' | 'Metadata' | 'Object') {
    this.#objects = objects;
    this.#view = view;
    this.#include = include;
    this.key = `${info.version}/${view.format}/${view.view}/${view.viewVersion}/${include}`;
  }

  /** What the stream is. */
  get contentType(): string {
    return this.#view.format === 'protobuf' ? `${PROTOBUF};stream=watch` : 'application/json';
  }

  /** Tells why the watch ends. */
  failure(status: JsonObject): Uint8Array {
    return this.#frame('ERROR', status);
  }

  #frame(type: EventType, object: JsonObject): Uint8Array {
    return objectFrame(this.#view.format, type, object);
  }

  /** Whether the bytes do not depend on what this watcher was sent before. */
  get shared(): boolean {
    return this.#view.view !== 'table';
  }

  /** The event's object; `revision` is put into it where the state is one that left the selection. */
  encode(info: ResourceInfo, type: EventType, entry: Entry, options: { revision?: number; now: number }): Chunk {
    const stored = this.#objects.read(info, entry);
    if (options.revision === undefined && this.#view.view === 'object' && this.#view.format !== 'protobuf')
      return { bytes: frame(type, stored.bytes), documents: () => [Object.freeze({ type, object: stored.plain })] };
    let object = stored.object;
    if (options.revision !== undefined) {
      object = cloneJson(object);
      metadataOf(object)['resourceVersion'] = String(options.revision);
    }
    return { bytes: this.#frame(type, this.#project(info, object, options.now)) };
  }

  #project(info: ResourceInfo, object: JsonObject, now: number): JsonObject {
    const { view, viewVersion } = this.#view;
    if (view === 'metadata') return partialMetadata(object, viewVersion);
    if (view === 'object') return object;
    const columns = !this.#tableBegun;
    this.#tableBegun = true;
    return metadataTable(info, [object], { metadata: object['metadata'], version: viewVersion, include: this.#include, now, columns });
  }

  /** Tells how far the watcher is, without an event. */
  bookmark(info: ResourceInfo, revision: number, initialEnd: boolean): Uint8Array {
    const metadata: JsonObject = { resourceVersion: String(revision) };
    if (initialEnd) metadata['annotations'] = { 'k8s.io/initial-events-end': 'true' };
    const { view, viewVersion } = this.#view;
    const bare = { kind: info.kind, apiVersion: apiVersionOf(info), metadata };
    if (view === 'metadata') return this.#frame('BOOKMARK', partialMetadata(bare, viewVersion));
    if (view === 'table') {
      return this.#frame('BOOKMARK', {
        kind: 'Table',
        apiVersion: `meta.k8s.io/${viewVersion}`,
        metadata: { resourceVersion: String(revision) },
        columnDefinitions: null,
        rows: [{ cells: info.columns.map(() => null), object: partialMetadata(bare, viewVersion) }],
      });
    }
    return this.#frame('BOOKMARK', bare);
  }
}
