import { controllerOf, type Informer, type KubeClient, type KubeObject, keyText, type ObjectMeta, type Resource } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';
import { covers } from './covers.ts';

/** An object as we want it: what the server fills in is left out. */
export type Wanted<T extends KubeObject> = Omit<T, 'metadata' | 'status'> & { metadata: Partial<ObjectMeta> & { name: string } };

/** One object to have. */
export interface Piece<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  readonly object: Wanted<T>;
}

/** Pairs an object with where it is served; a list of pieces may mix kinds. */
export function piece<T extends KubeObject>(resource: Resource<T>, object: Wanted<T>): Piece {
  return { resource, object };
}

const REMEMBERED_MS = 10_000;

/** Makes the world equal to what is wanted, and writes nothing where it already is. */
export class Converger {
  readonly #client: KubeClient;
  readonly #seen: ReadonlyMap<string, Informer<KubeObject>>;
  // What was just written and no watch has told of yet: without this, an early second look would write again.
  readonly #written = new Map<string, { object: KubeObject; at: number }>();

  constructor(client: KubeClient, seen: ReadonlyMap<string, Informer<KubeObject>>) {
    this.#client = client;
    this.#seen = seen;
    for (const [plural, informer] of seen) {
      informer.onChange((now, before) => {
        // What was written and is deleted before anybody asked again is gone, not on its way.
        if (!now && before) this.#written.delete(id({ plural }, before.metadata));
      });
    }
  }

  /** Creates the object or corrects what differs; resolves to its state. */
  async ensure({ resource, object }: Piece): Promise<KubeObject> {
    const current = this.#current(resource, object.metadata);
    if (current && !current.metadata.deletionTimestamp && covers(current, object)) return current;
    if (current) leaveToOwner(current, object);
    const applied = await this.#client.apply(resource, object, { force: true });
    this.#remember(resource, applied);
    return applied;
  }

  /** Converges all of them side by side. */
  async ensureAll(pieces: readonly Piece[]): Promise<void> {
    await Promise.all(pieces.map((it) => this.ensure(it)));
  }

  /** Gives an object that is written once its labels back, and touches nothing else of it. */
  async keepLabels(resource: Resource, current: KubeObject | undefined, labels: Readonly<Record<string, string>>): Promise<void> {
    if (!current || current.metadata.deletionTimestamp !== undefined || covers(current.metadata.labels, labels)) return;
    await this.#client.patch(resource, current.metadata.name, current.metadata.namespace, { metadata: { labels } });
  }

  /** Deletes the object, if it is there. */
  async remove(resource: Resource, name: string, namespace?: string): Promise<void> {
    const at = namespace === undefined ? { name } : { name, namespace };
    const informer = this.#seen.get(resource.plural);
    const current = this.#current(resource, at);
    if (informer && (!current || current.metadata.deletionTimestamp)) return;
    this.#written.delete(id(resource, at));
    await this.#client.delete(resource, name, namespace, { propagationPolicy: 'Background' });
  }

  #current(resource: Resource, { name, namespace }: { name: string; namespace?: string | undefined }): KubeObject | undefined {
    const key = id(resource, { name, namespace });
    const known = this.#seen.get(resource.plural)?.get(name, namespace);
    const written = this.#written.get(key);
    if (!written) return known;
    if (known || Date.now() - written.at > REMEMBERED_MS) this.#written.delete(key);
    return known ?? written.object;
  }

  #remember(resource: Resource, object: KubeObject): void {
    const now = Date.now();
    for (const [key, { at }] of this.#written) {
      if (now - at < REMEMBERED_MS) break;
      this.#written.delete(key);
    }
    this.#written.set(id(resource, object.metadata), { object, at: now });
  }
}

/** Two owners may want one name (`a.b` and `a-b`): who has it keeps it, or they would take it from each other for ever. */
function leaveToOwner(current: KubeObject, { kind, metadata: { name, ownerReferences } }: Wanted<KubeObject>): void {
  const has = controllerOf(current);
  const wants = ownerReferences?.find(({ controller }) => controller === true);
  if (!has || !wants || (has.kind === wants.kind && has.name === wants.name)) return;
  throw new LabError('Forbidden', `the ${kind} ${name} belongs to the ${has.kind} ${has.name}, so ${wants.name} needs another name`);
}

function id({ plural }: Pick<Resource, 'plural'>, { name, namespace }: { name: string; namespace?: string | undefined }): string {
  return `${plural}/${keyText(namespace === undefined ? { name } : { name, namespace })}`;
}
