import { informer, type Kube, type KubeClient, nodes, pods } from '@crownlabs/client';
import { hasCode, rfc3339 } from '@crownlabs/std';
import type { Container, Pod, PodStatus } from 'kubernetes-types/core/v1.js';

/** A node whose containers start at once and do nothing. */
export interface FakeNode {
  readonly name: string;
  /** From now on the image cannot be pulled; pods that wait for it are told so. */
  breakImage(image: string): void;
  /** The image is there again: pods that waited start. */
  mendImage(image: string): Promise<void>;
  /** Whether the desktop in a pod answers; all do, unless told otherwise. */
  desktopsAnswer: boolean;
  /** Whether pods become Ready; a change reaches pods that come later. */
  podsGetReady: boolean;
  /** How pods that are to end once (those of Jobs) end. */
  jobsEnd: 'Succeeded' | 'Failed' | 'never';
}

const ROOM = { cpu: '640', memory: '2048Gi', pods: '20000' };

/** Joins a simulated node to the cluster behind `client`. It runs until `signal` aborts. */
export async function startFakeNode(client: KubeClient, signal: AbortSignal): Promise<FakeNode> {
  const name = 'fake-node';
  const node = new SimulatedNode(client, name);
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: 'Simulated',
    message: '',
    lastHeartbeatTime: now(),
    lastTransitionTime: now(),
  };
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
  await client.patch(
    nodes,
    name,
    undefined,
    { status: { capacity: ROOM, allocatable: ROOM, conditions: [condition] } },
    { subresource: 'status' },
  );
  const assigned = informer(client, pods, { fieldSelector: `spec.nodeName=${name}` }, signal);
  assigned.onChange((pod) => pod && void node.run(pod));
  await assigned.synced(signal);
  node.assigned = () => assigned.list();
  return node;
}

class SimulatedNode implements FakeNode {
  readonly name: string;
  readonly #client: KubeClient;
  readonly #broken = new Set<string>();
  #addresses = 0;
  desktopsAnswer = true;
  podsGetReady = true;
  jobsEnd: FakeNode['jobsEnd'] = 'Succeeded';
  assigned: () => readonly Kube<Pod>[] = () => [];

  constructor(client: KubeClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  breakImage(image: string): void {
    this.#broken.add(image);
  }

  async mendImage(image: string): Promise<void> {
    this.#broken.delete(image);
    await Promise.all(this.assigned().map((pod) => this.run(pod)));
  }

  /** What a kubelet would do with the pod now. */
  async run(pod: Kube<Pod>): Promise<void> {
    const { name, namespace } = pod.metadata;
    try {
      if (pod.metadata.deletionTimestamp !== undefined) {
        await this.#client.delete(pods, name, namespace, { gracePeriodSeconds: 0 });
        return;
      }
      const status = this.#statusFor(pod);
      if (status) await this.#client.patch(pods, name, namespace, { status }, { subresource: 'status' });
    } catch (error) {
      // The pod, or the whole lab, went meanwhile.
      if (!hasCode(error, 'NotFound', 'Conflict', 'ServiceUnavailable')) throw error;
    }
  }

  #statusFor({ spec, status }: Kube<Pod>): PodStatus | undefined {
    const containers = spec?.containers ?? [];
    const broken = containers.find(({ image }) => this.#broken.has(image ?? ''));
    if (broken) return isWaiting(status) ? undefined : waitingStatus(broken.name, broken.image ?? '');
    const wanted = spec?.restartPolicy === 'Never' && this.jobsEnd !== 'never' ? this.jobsEnd : 'Running';
    if (status?.phase === wanted) return undefined;
    return wanted === 'Running' ? this.#running(containers) : { phase: wanted };
  }

  #running(containers: readonly Container[]): PodStatus {
    this.#addresses += 1;
    const podIP = `10.250.${Math.floor(this.#addresses / 250)}.${(this.#addresses % 250) + 1}`;
    const ready = this.podsGetReady;
    return {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      startTime: now(),
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
        type,
        status: ready || type === 'PodScheduled' || type === 'Initialized' ? 'True' : 'False',
        lastTransitionTime: now(),
      })),
      containerStatuses: containers.map(({ name, image = '' }) => ({
        name,
        image,
        imageID: image,
        ready,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now() } },
      })),
    };
  }
}

function isWaiting(status: PodStatus | undefined): boolean {
  return status?.containerStatuses?.[0]?.state?.waiting !== undefined;
}

function waitingStatus(name: string, image: string): PodStatus {
  const waiting = { reason: 'ErrImagePull', message: `no such image: ${image}` };
  return {
    phase: 'Pending',
    containerStatuses: [{ name, image, imageID: '', ready: false, started: false, restartCount: 0, state: { waiting } }],
  };
}

function now(): string {
  return rfc3339(Date.now());
}
