import type { ObjectMeta, OwnerReference } from '@crownlabs/client';
import type { ServedResource } from './discovery.ts';

/** What the graph knows of an object. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: ServedResource;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly owners: readonly OwnerReference[];
  readonly finalizers: readonly string[];
  readonly deleting: boolean;
}

/** Told of each change of the graph. */
export type GraphListener = (now: GraphNode | undefined, before: GraphNode | undefined) => void;

/** All objects and who owns whom, by uid. */
export class ObjectGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();
  readonly #places = new Map<string, Map<string, GraphNode>>();
  readonly #listeners = new Set<GraphListener>();

  node(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** Objects that name `uid` as an owner. */
  dependents(uid: string): GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#nodes.get(dependent) ?? []);
  }

  /** Objects of one resource in one namespace. */
  inPlace(resource: { group: string; plural: string }, namespace: string): readonly GraphNode[] {
    return [...(this.#places.get(placeOf(resource, namespace))?.values() ?? [])];
  }

  onChange(listener: GraphListener): void {
    this.#listeners.add(listener);
  }

  /** Takes in the state of an object. */
  put(resource: ServedResource, metadata: ObjectMeta): void {
    const now = nodeOf(resource, metadata);
    const before = this.#nodes.get(now.uid);
    if (before?.resourceVersion === now.resourceVersion) return;
    this.#unlink(before);
    this.#nodes.set(now.uid, now);
    for (const { uid } of now.owners) this.#dependents.set(uid, (this.#dependents.get(uid) ?? new Set()).add(now.uid));
    const place = placeOf(resource, now.namespace ?? '');
    this.#places.set(place, (this.#places.get(place) ?? new Map<string, GraphNode>()).set(now.uid, now));
    this.#announce(now, before);
  }

  /** Takes out an object that is gone. */
  remove(uid: string): void {
    const before = this.#nodes.get(uid);
    if (!before) return;
    this.#unlink(before);
    this.#nodes.delete(uid);
    this.#announce(undefined, before);
  }

  /** Takes out the objects of a resource that are not among `uids`: after a new list, or when it is no longer served. */
  keepOnly(resource: ServedResource, uids: ReadonlySet<string>): void {
    const gone = [...this.#nodes.values()].filter((node) => sameResource(node.resource, resource) && !uids.has(node.uid));
    for (const { uid } of gone) this.remove(uid);
  }

  #unlink(node: GraphNode | undefined): void {
    if (!node) return;
    for (const { uid } of node.owners) {
      const others = this.#dependents.get(uid);
      others?.delete(node.uid);
      if (others?.size === 0) this.#dependents.delete(uid);
    }
    const place = placeOf(node.resource, node.namespace ?? '');
    const here = this.#places.get(place);
    here?.delete(node.uid);
    if (here?.size === 0) this.#places.delete(place);
  }

  #announce(now: GraphNode | undefined, before: GraphNode | undefined): void {
    for (const listener of this.#listeners) listener(now, before);
  }
}

function nodeOf(resource: ServedResource, metadata: ObjectMeta): GraphNode {
  return {
    uid: metadata.uid ?? '',
    resource,
    name: metadata.name,
    namespace: metadata.namespace,
    resourceVersion: metadata.resourceVersion,
    owners: metadata.ownerReferences ?? [],
    finalizers: metadata.finalizers ?? [],
    deleting: metadata.deletionTimestamp !== undefined,
  };
}

function sameResource(a: ServedResource, b: ServedResource): boolean {
  return a.group === b.group && a.plural === b.plural;
}

function placeOf({ group, plural }: { group: string; plural: string }, namespace: string): string {
  return `${plural}.${group}/${namespace}`;
}
