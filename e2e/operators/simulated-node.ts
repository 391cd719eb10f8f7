import { LABEL } from '@crownlabs/api';
import { controllerOf, deployments, informer, type Kube, type KubeClient, ownedBy, pods, replicaSets } from '@crownlabs/client';
import { hasCode, rfc3339, silent } from '@crownlabs/std';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';

/** What a node would do with our pods, done by writing their status. */
export interface SimulatedNode {
  /** Whether pods become Ready; a change reaches pods that come later. */
  podsGetReady: boolean;
  readonly name: string;
}

/** A deployment controller makes a ReplicaSet in no time: after this, there is none. */
const NO_CONTROLLER_AFTER_MS = 3_000;

/**
 * Runs the pods of environments until `signal` aborts. Where a cluster has no controller of Deployments either, it makes the pods too. There
 * is no Node object: a cluster would wait in vain for its heart to beat.
 */
export function simulateNode(client: KubeClient, ours: (namespace: string) => boolean, signal: AbortSignal): SimulatedNode {
  const node: SimulatedNode = { podsGetReady: true, name: 'simulated' };
  const watched = { labelSelector: LABEL.instance, log: silent };
  const live = informer(client, pods, watched, signal);
  live.onChange((pod) => {
    if (pod && ours(pod.metadata.namespace ?? '')) void forgiving(() => run(client, node, pod), signal);
  });
  const apps = informer(client, deployments, watched, signal);
  apps.onChange((now, before) => {
    const it = now ?? before;
    if (it && ours(it.metadata.namespace ?? '')) void forgiving(() => standIn(client, it, now !== undefined), signal);
  });
  return node;
}

let addresses = 0;

async function run(client: KubeClient, node: SimulatedNode, pod: Kube<Pod>): Promise<void> {
  const { name, namespace = '', deletionTimestamp } = pod.metadata;
  if (deletionTimestamp !== undefined) return client.delete(pods, name, namespace, { gracePeriodSeconds: 0 });
  if (pod.status?.phase === 'Running') return;
  if (pod.spec?.nodeName === undefined) {
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: node.name },
    };
    await client.raw('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, binding);
    return;
  }
  await client.patch(pods, name, namespace, { status: runningStatus(pod, node.podsGetReady) }, { subresource: 'status' });
}

function runningStatus({ spec }: Kube<Pod>, ready: boolean) {
  addresses += 1;
  const podIP = `10.251.${Math.floor(addresses / 250) % 250}.${(addresses % 250) + 1}`;
  const now = rfc3339(Date.now());
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type, i) => ({
    type,
    status: ready || i < 2 ? 'True' : 'False',
    lastTransitionTime: now,
  }));
  const containerStatuses = (spec?.containers ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: image,
    ready,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  }));
  return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: now, conditions, containerStatuses };
}

/** Does what the controllers of Deployments and ReplicaSets do, where there are none. */
async function standIn(client: KubeClient, { metadata }: Kube<Deployment>, there: boolean): Promise<void> {
  if (there) await new Promise((resolve) => setTimeout(resolve, NO_CONTROLLER_AFTER_MS));
  const { name, namespace = '', uid } = metadata;
  const sets = await client.list(replicaSets, { namespace });
  if (sets.items.some((it) => controllerOf(it)?.uid === uid)) return;
  const deployment = await client.find(deployments, name, namespace);
  const pod = await client.find(pods, `${name}-stand-in`, namespace);
  const wanted = deployment?.spec?.replicas === 0 ? undefined : deployment;
  if (!wanted && pod) await client.delete(pods, pod.metadata.name, namespace, { gracePeriodSeconds: 0 });
  if (wanted && !pod) await client.create(pods, podOf(wanted));
}

function podOf(deployment: Kube<Deployment>) {
  const {
    metadata: { name, namespace },
    spec,
  } = deployment;
  const { metadata = {}, spec: podSpec } = spec?.template ?? {};
  const owned = { ...metadata, name: `${name}-stand-in`, namespace, ownerReferences: [ownedBy(deployment)] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: owned, ...(podSpec ? { spec: podSpec } : {}) };
}

/** What is gone, or changed under our hands, is told of again by the watch. */
async function forgiving(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  await work().catch((error: unknown) => {
    if (!signal.aborted && !hasCode(error, 'NotFound', 'Conflict', 'AlreadyExists', 'Forbidden', 'Invalid')) throw error;
  });
}
