import { LABEL } from '@crownlabs/api';
import { informer, type Kube, type KubeClient, leases, nodes, pods } from '@crownlabs/client';
import { hasCode, rfc3339, silent } from '@crownlabs/std';
import type { Pod } from 'kubernetes-types/core/v1.js';

/** What a node would do with our pods, done by writing their status. */
export interface SimulatedNode {
  /** Whether pods become Ready; a change reaches pods that come later. */
  podsGetReady: boolean;
  readonly name: string;
}

/** Whose pods it runs, and its name in the cluster. */
export interface NodeOptions {
  readonly name: string;
  readonly ours: (namespace: string) => boolean;
}

const HEARTBEAT_MS = 5_000;
const LEASES = 'kube-node-lease';
/** What a Job runs ends well; everything else of ours is an environment. */
const JOB = 'batch.kubernetes.io/job-name';

/**
 * Runs the pods of environments, and of Jobs, until `signal` aborts. Its Node object has a heartbeat and a taint: a cluster would take pods
 * away from a node that is not there, and give it others than ours.
 */
export function simulateNode(client: KubeClient, { name, ours }: NodeOptions, signal: AbortSignal): SimulatedNode {
  const node: SimulatedNode = { podsGetReady: true, name };
  void forgiving(() => beat(client, name, signal), signal);
  for (const labelSelector of [LABEL.instance, JOB]) {
    const live = informer(client, pods, { labelSelector, log: silent }, signal);
    live.onChange((pod) => {
      if (pod && ours(pod.metadata.namespace ?? '')) void forgiving(() => run(client, node, pod), signal);
    });
  }
  return node;
}

/** Takes a simulated node off the cluster. */
export async function removeNode(client: KubeClient, name: string): Promise<void> {
  await client.delete(nodes, name);
  await client.delete(leases, name, LEASES);
}

async function beat(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const taint = { key: 'scenario.crownlabs.polito.it/simulated', effect: 'NoSchedule' };
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints: [taint] } });
  while (!signal.aborted) {
    const now = rfc3339(Date.now());
    const ready = { type: 'Ready', status: 'True', reason: 'Simulated', message: '', lastHeartbeatTime: now, lastTransitionTime: now };
    await client.patch(nodes, name, undefined, { status: { conditions: [ready] } }, { subresource: 'status' });
    await client.apply(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: LEASES },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now.replace('Z', '.000000Z') },
    });
    await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS).unref());
  }
}

let addresses = 0;

async function run(client: KubeClient, node: SimulatedNode, pod: Kube<Pod>): Promise<void> {
  const { name, namespace = '', deletionTimestamp, labels = {} } = pod.metadata;
  if (deletionTimestamp !== undefined) return client.delete(pods, name, namespace, { gracePeriodSeconds: 0 });
  if (pod.status?.phase === 'Running' || pod.status?.phase === 'Succeeded') return;
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
  const status = labels[JOB] === undefined ? runningStatus(pod, node.podsGetReady) : endedStatus(pod);
  await client.patch(pods, name, namespace, { status }, { subresource: 'status' });
}

function endedStatus({ spec }: Kube<Pod>) {
  const now = rfc3339(Date.now());
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now };
  const ended = ({ name, image = '' }: { name: string; image?: string }) => ({
    name,
    image,
    imageID: image,
    ready: false,
    restartCount: 0,
    state: { terminated },
  });
  return { phase: 'Succeeded', startTime: now, containerStatuses: (spec?.containers ?? []).map(ended) };
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

/** What is gone, or changed under our hands, is told of again by the watch. */
async function forgiving(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
  await work().catch((error: unknown) => {
    if (!signal.aborted && !hasCode(error, 'NotFound', 'Conflict', 'AlreadyExists', 'Forbidden', 'Invalid')) throw error;
  });
}
