import { informer, type KubeClient, namespaces } from '@crownlabs/client';
import { type Controller, controller, manualSource, type Reconcile, watched } from '@crownlabs/controller';
import { hasCode, messageOf, rfc3339 } from '@crownlabs/std';
import type { Cluster, KindOf } from '../cluster.ts';
import type { ServedResource } from '../graph/discovery.ts';
import type { World } from '../graph/watch-all.ts';
import { patchStatus } from '../status-patch.ts';
import { conditionsOf, type Remains } from './conditions.ts';

type Namespace = KindOf<typeof namespaces>;

const FINALIZER = 'kubernetes';
const WORKERS = 8;
// Everything that ends a wait is watched; this only covers what discovery could not tell.
const LOOK_AGAIN_MS = 15_000;
// Kubernetes waits 5 s before it looks. Clients count on seeing a namespace that is about to go, and not only that it is gone.
const SEEN_FOR_MS = 200;

/** Empties namespaces that are being deleted, pods first, and lets them go. */
export function namespaceController(cluster: Cluster, world: World): Controller {
  const { client, log, clock, signal } = cluster;
  const live = informer(client, namespaces, { clock, log }, signal);
  const emptied = manualSource();
  world.graph.onChange((now, before) => {
    const name = before?.namespace;
    if (!now && name !== undefined && live.get(name)?.metadata.deletionTimestamp !== undefined) emptied.enqueue({ name });
  });
  return controller({
    name: 'namespace',
    reconcile: reconcileNamespace(cluster, world, (name) => live.get(name)),
    sources: [
      watched(live, { when: (now) => now?.metadata.deletionTimestamp !== undefined }),
      { ...emptied, synced: () => world.synced() },
    ],
    workers: WORKERS,
    log,
    clock,
  });
}

function reconcileNamespace({ client, clock }: Cluster, world: World, find: (name: string) => Namespace | undefined): Reconcile {
  const noticed = new Map<string, number>();
  return async ({ name }) => {
    const namespace = find(name);
    if (namespace?.metadata.deletionTimestamp === undefined || !namespace.spec?.finalizers?.includes(FINALIZER)) return undefined;
    const since = noticed.get(name) ?? clock.now();
    noticed.set(name, since);
    const resources = world.resources().filter(({ namespaced, verbs }) => namespaced && verbs.includes('delete') && verbs.includes('list'));
    const remains = await empty(client, resources, name);
    if (remains.left.length === 0 && remains.failures.length === 0) {
      const early = since + SEEN_FOR_MS - clock.now();
      if (early > 0) return { afterMs: early };
      await finalize(client, namespace);
      noticed.delete(name);
      return undefined;
    }
    const conditions = conditionsOf(namespace, remains, rfc3339(clock.now()));
    await patchStatus(client, namespaces, namespace, { ...namespace.status, conditions });
    return { afterMs: LOOK_AGAIN_MS };
  };
}

/** Deletes what is in the namespace; what is left after that. Volumes and networks must outlive the pods that use them. */
async function empty(client: KubeClient, resources: readonly ServedResource[], namespace: string): Promise<Remains> {
  const isPods = ({ group, plural }: ServedResource) => group === '' && plural === 'pods';
  const pods = await emptyAll(client, resources.filter(isPods), namespace);
  if (pods.left.length > 0) return pods;
  return emptyAll(
    client,
    resources.filter((resource) => !isPods(resource)),
    namespace,
  );
}

async function emptyAll(client: KubeClient, resources: readonly ServedResource[], namespace: string): Promise<Remains> {
  const remains: Remains = { left: [], failures: [] };
  await Promise.all(
    resources.map(async (resource) => {
      try {
        const before = await client.list(resource, { namespace });
        if (before.items.length === 0) return;
        if (resource.verbs.includes('deletecollection')) await client.deleteCollection(resource, { namespace });
        else for (const { metadata } of before.items) await client.delete(resource, metadata.name, namespace);
        const { items } = await client.list(resource, { namespace });
        if (items.length > 0) remains.left.push({ resource, objects: items });
      } catch (error) {
        // A kind may go while its objects do.
        if (!hasCode(error, 'NotFound', 'MethodNotAllowed')) remains.failures.push(messageOf(error));
      }
    }),
  );
  return remains;
}

async function finalize(client: KubeClient, namespace: Namespace): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  try {
    await client.raw('PUT', `/api/v1/namespaces/${namespace.metadata.name}/finalize`, {
      ...namespace,
      spec: { ...namespace.spec, finalizers },
    });
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
}
