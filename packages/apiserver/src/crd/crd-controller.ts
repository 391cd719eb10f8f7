import { hasCode, messageOf } from '@crownlabs/std';
import type { JsonObject } from '../json.ts';
import { objectsAt, textAt, textsAt } from '../json-read.ts';
import type { ObjectReader, ObjectWriter } from '../object-reader.ts';
import type { Api } from '../pipeline.ts';
import { jsonEqual } from '../schema/index.ts';
import { CRD_CLEANUP } from '../verbs/deletion.ts';
import { holds, withCondition } from './conditions.ts';
import { crdStatus, terminating } from './crd-status.ts';
import { customResources } from './custom-resource.ts';

const CRDS = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' };
const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Serves CRDs as soon as they are established, gives them their status, and cleans up after them. */
export class CrdController {
  readonly #api: Api;
  readonly #reader: ObjectReader;
  readonly #writer: ObjectWriter;
  readonly #running = new Map<string, boolean>();
  readonly #stops: (() => void)[] = [];
  // Since which revision each CRD is served; 0 for those that were there when the server started.
  readonly #since = new Map<string, number>();
  readonly #emptied = new Map<string, () => void>();

  constructor(api: Api, writer: ObjectWriter) {
    this.#api = api;
    this.#reader = api.objects.reader();
    this.#writer = writer;
  }

  /** Serves what is stored already, then follows changes. */
  async start(): Promise<void> {
    this.#stops.push(this.#reader.onChange(CRDS, (now, before) => this.#changed(now, before)));
    for (const crd of this.#reader.list(CRDS)) this.#serve(crd, 0);
    await Promise.all(this.#reader.list(CRDS).map((crd) => this.#reconcile(nameOf(crd))));
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const stop of this.#emptied.values()) stop();
  }

  #changed(now: JsonObject | undefined, before: JsonObject | undefined): void {
    const crd = now ?? before;
    if (!crd) return;
    if (now) this.#serve(now);
    else this.#forget(nameOf(crd));
    // A name that one gives up may be what another waits for.
    const group = textAt(crd, 'spec', 'group');
    for (const other of this.#reader.list(CRDS)) {
      if (textAt(other, 'spec', 'group') === group) void this.#reconcile(nameOf(other));
    }
  }

  #forget(name: string): void {
    this.#since.delete(name);
    this.#api.registry.set(owner(name), []);
  }

  #serve(crd: JsonObject, from?: number): void {
    const name = nameOf(crd);
    if (!holds(crd, 'Established')) {
      this.#api.registry.set(owner(name), []);
      return;
    }
    const since = this.#since.get(name) ?? from ?? this.#api.objects.store.revision;
    this.#since.set(name, since);
    this.#api.registry.set(owner(name), customResources(crd, since));
  }

  /** Runs once at a time for each CRD, and again when something changed meanwhile. */
  async #reconcile(name: string): Promise<void> {
    if (this.#running.has(name)) {
      this.#running.set(name, true);
      return;
    }
    do {
      this.#running.set(name, false);
      try {
        await this.#converge(name);
      } catch (error) {
        // A conflict comes with an event of its own; anything else is tried again at the next change.
        if (!hasCode(error, 'Conflict', 'NotFound')) this.#api.log.error('CRD was not reconciled', { name, error: messageOf(error) });
      }
    } while (this.#running.get(name));
    this.#running.delete(name);
  }

  async #converge(name: string): Promise<void> {
    const crd = this.#reader.get(CRDS, name);
    if (!crd) return;
    const group = textAt(crd, 'spec', 'group');
    const others = this.#reader.list(CRDS).filter((one) => textAt(one, 'spec', 'group') === group && nameOf(one) !== name);
    const status = crdStatus(crd, others, this.#api.clock.now());
    if (!jsonEqual(status, crd['status'])) {
      await this.#writer.send({ method: 'PUT', path: `${PATH}/${name}/status`, body: { ...crd, status } });
    } else if (textAt(crd, 'metadata', 'deletionTimestamp') !== '') {
      await this.#cleanUp(crd, status);
    }
  }

  async #cleanUp(crd: JsonObject, status: JsonObject): Promise<void> {
    const finalizers = textsAt(crd, 'metadata', 'finalizers');
    if (!finalizers.includes(CRD_CLEANUP)) return;
    const reason = textAt(
      objectsAt(status, 'conditions').find((one) => one['type'] === 'Terminating'),
      'reason',
    );
    if (reason === 'InstanceDeletionPending') {
      const condition = terminating('InstanceDeletionInProgress', 'CustomResource deletion is in progress');
      const conditions = withCondition(objectsAt(status, 'conditions'), condition, this.#api.clock.now());
      await this.#writer.send({
        method: 'PUT',
        path: `${PATH}/${nameOf(crd)}/status`,
        body: { ...crd, status: { ...status, conditions } },
      });
      return;
    }
    if (await this.#deleteObjects(crd)) {
      const metadata = { ...(crd['metadata'] as JsonObject), finalizers: finalizers.filter((one) => one !== CRD_CLEANUP) };
      await this.#writer.send({ method: 'PUT', path: `${PATH}/${nameOf(crd)}`, body: { ...crd, metadata } });
    }
  }

  /** Whether nothing is left; if something is, its going is waited for. */
  async #deleteObjects(crd: JsonObject): Promise<boolean> {
    const group = textAt(crd, 'spec', 'group');
    const plural = textAt(crd, 'spec', 'names', 'plural');
    const [info] = this.#api.registry.versions(group, plural);
    const bucket = `${group}/${plural}`;
    const { store } = this.#api.objects;
    if (!info || store.count(bucket) === 0) return true;
    for (const { name: key } of store.list(bucket).entries) {
      const [first = '', second] = key.split('/');
      const place = second === undefined ? '' : `namespaces/${first}/`;
      const path = `/apis/${group}/${info.version}/${place}${plural}/${encodeURIComponent(second ?? first)}`;
      await this.#writer.send({ method: 'DELETE', path }).catch((error: unknown) => {
        if (!hasCode(error, 'NotFound')) throw error;
      });
    }
    if (store.count(bucket) === 0) return true;
    this.#awaitEmpty(nameOf(crd), bucket);
    return false;
  }

  #awaitEmpty(name: string, bucket: string): void {
    if (this.#emptied.has(name)) return;
    const { store } = this.#api.objects;
    const stop = store.subscribe(bucket, () => {
      if (store.count(bucket) > 0) return;
      stop();
      this.#emptied.delete(name);
      void this.#reconcile(name);
    });
    this.#emptied.set(name, stop);
  }
}

const owner = (name: string) => `crd ${name}`;

function nameOf(object: JsonObject): string {
  return textAt(object, 'metadata', 'name');
}
