import { keyOf, type ObjectKey, objectPath, pods } from '@crownlabs/client';
import { type Controller, controller, type Reconcile, type Source, watched } from '@crownlabs/controller';
import { hasCode, rfc3339 } from '@crownlabs/std';
import { type Amounts, podRequests } from '../amounts.ts';
import { BY, type Cluster, claimsOf } from '../cluster.ts';
import { isActive, isFinished, type Pod } from '../pod-state.ts';
import { explain, type Misfit, misfits, type Node, score } from './fit.ts';
import { type NodeUsage, nodeUsage } from './node-usage.ts';
import { selectNode, volumeNeeds } from './volumes.ts';

const SCHEDULER = 'default-scheduler';
// Many at once: a binding is one write, and writes of the same moment share one commit.
const WORKERS = 32;

/** Gives pods that wait a node, or tells them why there is none. */
export function schedulerController(cluster: Cluster): Controller {
  const { live, log, clock } = cluster;
  const usage = nodeUsage(live.pods);
  return controller({
    name: 'scheduler',
    reconcile: reconcilePod(cluster, usage),
    sources: [watched(live.pods, { when: (now) => now !== undefined && waits(now) }), ...relief(cluster)],
    workers: WORKERS,
    log,
    clock,
  });
}

function waits(pod: Pod): boolean {
  const { nodeName, schedulerName = SCHEDULER, schedulingGates = [] } = pod.spec ?? {};
  return !nodeName && schedulerName === SCHEDULER && schedulingGates.length === 0 && isActive(pod);
}

/** What may let a pod run that could not before: room that became free, a node, a volume. */
function relief({ live }: Cluster): Source[] {
  const waiting = (): ObjectKey[] => live.pods.byIndex(BY.node, '').filter(waits).map(keyOf);
  const ofClaim = (pod: Pod, key: string) => claimsOf(pod).includes(key);
  return [
    watched(live.nodes, { when: nodeChanged, keys: waiting }),
    watched(live.pods, {
      when: (now, before) => Boolean(before?.spec?.nodeName) && (!now || (isFinished(now) && !isFinished(before ?? now))),
      keys: waiting,
    }),
    watched(live.claims, {
      keys: ({ metadata: { name, namespace } }) =>
        live.pods
          .byIndex(BY.node, '')
          .filter((pod) => waits(pod) && ofClaim(pod, `${namespace}/${name}`))
          .map(keyOf),
    }),
    watched(live.storageClasses, { keys: waiting }),
    watched(live.volumes, { when: () => false }),
  ];
}

/** Heartbeats change a node every few seconds and mean nothing here. */
function nodeChanged(now: Node | undefined, before: Node | undefined): boolean {
  const essence = (node: Node | undefined) => {
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    return JSON.stringify([node?.spec, node?.metadata.labels, node?.status?.allocatable, ready]);
  };
  return essence(now) !== essence(before);
}

function reconcilePod(cluster: Cluster, usage: NodeUsage): Reconcile {
  return async ({ name, namespace }) => {
    const pod = cluster.live.pods.get(name, namespace);
    if (!pod || !waits(pod) || usage.isAssumed(pod)) return undefined;
    const requests = podRequests(pod);
    const needs = volumeNeeds(cluster, pod);
    const node =
      needs.obstacle === undefined
        ? choose(cluster, { pod, requests, usage }, needs.fits)
        : `0/${cluster.live.nodes.list().length} nodes are available: ${needs.obstacle}.`;
    if (typeof node === 'string') {
      await refuse(cluster, pod, node);
      return undefined;
    }
    if (needs.waiting.length > 0) {
      // The volume's binding brings us back.
      await selectNode(cluster, needs.waiting, node.metadata.name);
      return undefined;
    }
    await bind(cluster, usage, pod, node.metadata.name);
    return undefined;
  };
}

/** The node where the pod sits best, or the text that says why there is none. */
function choose(
  { live }: Cluster,
  { pod, requests, usage }: { pod: Pod; requests: Amounts; usage: NodeUsage },
  hasVolumes: (node: Node) => boolean,
): Node | string {
  const against: Misfit[][] = [];
  let best: { node: Node; score: number } | undefined;
  for (const node of live.nodes.list()) {
    const candidate = usage.candidate(node);
    const wrong = misfits(pod, requests, candidate);
    if (wrong.length === 0 && !hasVolumes(node)) wrong.push({ reason: 'node(s) had volume node affinity conflict' });
    against.push(wrong);
    const value = wrong.length === 0 ? score(requests, candidate) : Number.NEGATIVE_INFINITY;
    if (wrong.length === 0 && value > (best?.score ?? Number.NEGATIVE_INFINITY)) best = { node, score: value };
  }
  return best?.node ?? explain(against);
}

async function bind({ client, events }: Cluster, usage: NodeUsage, pod: Pod, node: string): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  usage.assume(pod, node);
  const binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  try {
    await client.raw('POST', `${objectPath(pods, name, namespace)}/binding`, binding);
    events.record(pod, { type: 'Normal', reason: 'Scheduled', message: `Successfully assigned ${namespace}/${name} to ${node}` });
  } catch (error) {
    usage.forget(pod);
    // Gone, or bound by somebody else: the watch tells.
    if (!hasCode(error, 'NotFound', 'Conflict')) throw error;
  }
}

async function refuse({ client, clock, events }: Cluster, pod: Pod, message: string): Promise<void> {
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (known?.status === 'False' && known.message === message) return;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: known?.status === 'False' ? known.lastTransitionTime : rfc3339(clock.now()),
  };
  const conditions = [...(pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled'), condition];
  await client.patch(pods, pod.metadata.name, pod.metadata.namespace, { status: { conditions } }, { subresource: 'status' });
  events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message });
}
