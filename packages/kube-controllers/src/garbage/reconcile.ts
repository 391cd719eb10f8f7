import type { KubeClient, OwnerReference } from '@crownlabs/client';
import { type Controller, controller, manualSource, type Reconcile, type Source } from '@crownlabs/controller';
import { hasCode } from '@crownlabs/std';
import type { Cluster } from '../cluster.ts';
import type { ServedResource } from '../graph/discovery.ts';
import type { GraphNode } from '../graph/object-graph.ts';
import type { World } from '../graph/watch-all.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';
const WORKERS = 16;

/** Deletes what nobody owns any more, and carries out foreground and orphan deletions, over every kind there is. */
export function garbageController(cluster: Cluster, world: World): Controller {
  const { log, clock } = cluster;
  return controller({
    name: 'garbage',
    reconcile: reconcileNode(cluster, world),
    sources: [graphSource(world)],
    workers: WORKERS,
    log,
    clock,
  });
}

/** Keys are uids. */
function graphSource(world: World): Source {
  const { graph } = world;
  const source = manualSource();
  const enqueue = (uid: string) => source.enqueue({ name: uid });
  graph.onChange((now, before) => {
    if (now && (now.deleting || now.owners.length > 0)) enqueue(now.uid);
    // What depended on it may have to go; who waited for it may go on.
    if (!now && before) for (const dependent of graph.dependents(before.uid)) enqueue(dependent.uid);
    for (const { uid } of before?.owners ?? []) if (isForeground(graph.node(uid))) enqueue(uid);
  });
  return { ...source, synced: () => world.synced() };
}

function isForeground(node: GraphNode | undefined): boolean {
  return node !== undefined && node.deleting && node.finalizers.includes(FOREGROUND);
}

function reconcileNode(cluster: Cluster, world: World): Reconcile {
  const { client } = cluster;
  return async ({ name: uid }) => {
    const node = world.graph.node(uid);
    if (!node) return undefined;
    if (node.deleting && node.finalizers.includes(ORPHAN)) await orphan(client, world, node);
    else if (isForeground(node)) await deleteDependentsFirst(client, world, node);
    else if (!node.deleting && node.owners.length > 0) await judge(cluster, world, node);
    return undefined;
  };
}

/** Lets the dependents live on without their owner. */
async function orphan(client: KubeClient, { graph }: World, owner: GraphNode): Promise<void> {
  await Promise.all(
    graph.dependents(owner.uid).map((dependent) =>
      dropOwners(
        client,
        dependent,
        dependent.owners.filter(({ uid }) => uid !== owner.uid),
      ),
    ),
  );
  await dropFinalizer(client, owner, ORPHAN);
}

/** The owner goes when no dependent is left that wants to hold it. */
async function deleteDependentsFirst(client: KubeClient, { graph }: World, owner: GraphNode): Promise<void> {
  const dependents = graph.dependents(owner.uid);
  const holding = dependents.filter(({ owners }) => owners.some(({ uid, blockOwnerDeletion }) => uid === owner.uid && blockOwnerDeletion));
  if (holding.length === 0) {
    await dropFinalizer(client, owner, FOREGROUND);
    return;
  }
  await Promise.all(dependents.filter(({ deleting }) => !deleting).map((dependent) => deleteWaiting(client, graph, dependent, owner)));
}

/** A dependent of an owner that waits: gone, unless another owner lives. */
async function deleteWaiting(client: KubeClient, graph: World['graph'], dependent: GraphNode, owner: GraphNode): Promise<void> {
  const living = dependent.owners.filter(({ uid }) => uid !== owner.uid && graph.node(uid) !== undefined && !isForeground(graph.node(uid)));
  if (living.length > 0) await dropOwners(client, dependent, living);
  // Its own dependents come first in turn.
  else await remove(client, dependent, graph.dependents(dependent.uid).length > 0 ? 'Foreground' : 'Background');
}

/** Deletes an object whose owners are all gone; takes away references to those that are, where others live. */
async function judge(cluster: Cluster, world: World, node: GraphNode): Promise<void> {
  const { client } = cluster;
  const verdicts = await Promise.all(node.owners.map(async (owner) => ({ owner, state: await ownerState(cluster, world, node, owner) })));
  const of = (state: OwnerState) => verdicts.filter((verdict) => verdict.state === state).map(({ owner }) => owner);
  const solid = [...of('lives'), ...of('unknown')];
  if (of('gone').length + of('waits').length === 0) return;
  if (solid.length > 0) {
    await dropOwners(client, node, solid);
    return;
  }
  const hasDependents = world.graph.dependents(node.uid).length > 0;
  await remove(client, node, of('waits').length > 0 && hasDependents ? 'Foreground' : policyOf(node));
}

type OwnerState = 'lives' | 'gone' | 'waits' | 'unknown';

async function ownerState(cluster: Cluster, world: World, node: GraphNode, owner: OwnerReference): Promise<OwnerState> {
  const known = world.graph.node(owner.uid);
  if (known) return knownState(cluster, node, known, owner);
  const resource = world.resources().find((one) => one.kind === owner.kind && one.group === groupOf(owner.apiVersion));
  if (!resource || (resource.namespaced && node.namespace === undefined)) return 'unknown';
  // The graph may lag behind: only the API knows that an owner is gone.
  const found = await cluster.client.find(resource, owner.name, resource.namespaced ? node.namespace : undefined);
  return found?.metadata.uid === owner.uid ? 'lives' : 'gone';
}

function knownState({ events }: Cluster, node: GraphNode, known: GraphNode, owner: OwnerReference): OwnerState {
  if (known.namespace === undefined || known.namespace === node.namespace) return isForeground(known) ? 'waits' : 'lives';
  const { namespace = '' } = node;
  const reference = `[${owner.apiVersion}/${owner.kind}, namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}]`;
  const message = `ownerRef ${reference} does not exist in namespace ${JSON.stringify(namespace)}`;
  events.record(aboutNode(node), { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message });
  // Nobody can say what an object outside of namespaces means by an owner inside of one.
  return namespace === '' ? 'unknown' : 'gone';
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function aboutNode({ resource, name, namespace, uid }: GraphNode) {
  const apiVersion = resource.group ? `${resource.group}/${resource.version}` : resource.version;
  return { apiVersion, kind: resource.kind, metadata: { name, uid, ...(namespace !== undefined && { namespace }) } };
}

function policyOf({ finalizers }: GraphNode): 'Background' | 'Foreground' | 'Orphan' {
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
}

async function remove(
  client: KubeClient,
  { resource, name, namespace, uid, resourceVersion }: GraphNode,
  propagationPolicy: 'Background' | 'Foreground' | 'Orphan',
): Promise<void> {
  const expected = { uid, ...(resourceVersion !== undefined && { resourceVersion }) };
  await client.delete(resource, name, namespace, { propagationPolicy, ...expected });
}

async function dropOwners(client: KubeClient, node: GraphNode, left: readonly OwnerReference[]): Promise<void> {
  await patchMetadata(client, node, { ownerReferences: left.length > 0 ? left : null });
}

async function dropFinalizer(client: KubeClient, node: GraphNode, finalizer: string): Promise<void> {
  await patchMetadata(client, node, { finalizers: node.finalizers.filter((one) => one !== finalizer) });
}

async function patchMetadata(
  client: KubeClient,
  { resource, name, namespace, uid, resourceVersion }: GraphNode,
  patch: object,
): Promise<void> {
  try {
    await client.patch(resource satisfies ServedResource, name, namespace, { metadata: { uid, resourceVersion, ...patch } });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}
