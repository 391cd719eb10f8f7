import { rfc3339 } from '@crownlabs/std';
import type { ContainerState, ContainerStatus, PodCondition, PodStatus, VolumeMount, VolumeMountStatus } from 'kubernetes-types/core/v1.js';
import type { ContainerView, Ended } from './container-view.ts';
import { type Pod, specOf } from './pod.ts';

/** Why a pod ended without its containers' doing: refused, evicted, out of time. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
}

/** All that a pod's status is made from. */
export interface PodFacts {
  readonly pod: Pod;
  readonly initContainers: readonly ContainerView[];
  readonly containers: readonly ContainerView[];
  /** All init containers have done their work. */
  readonly initialized: boolean;
  readonly failure: PodFailure | undefined;
  /** Which images a container has mounted. */
  readonly imageMounts: (mounts: readonly VolumeMount[]) => readonly VolumeMountStatus[];
  readonly podIp: string | undefined;
  readonly hostIp: string;
  readonly startedAt: number;
  readonly now: number;
}

/** The status that the facts amount to. Conditions of others (the scheduler's) stay as they are. */
export function podStatus(facts: PodFacts): PodStatus {
  const { pod, failure, podIp, hostIp } = facts;
  const phase = phaseOf(facts);
  return {
    phase,
    ...failure,
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    ...(podIp ? { podIP: podIp, podIPs: [{ ip: podIp }] } : {}),
    startTime: pod.status?.startTime ?? rfc3339(facts.startedAt),
    qosClass: pod.status?.qosClass ?? qosClass(pod),
    conditions: conditions(facts, phase),
    ...(facts.initContainers.length > 0 ? { initContainerStatuses: facts.initContainers.map((view) => containerStatus(view, facts)) } : {}),
    containerStatuses: facts.containers.map((view) => containerStatus(view, facts)),
  };
}

/** The pod's phase. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase */
export function phaseOf({
  pod,
  containers,
  initContainers,
  initialized,
  failure,
}: PodFacts): 'Pending' | 'Running' | 'Succeeded' | 'Failed' {
  if (failure) return 'Failed';
  const { restartPolicy = 'Always' } = specOf(pod);
  if (!initialized) {
    const broken = initContainers.some(({ phase }) => phase.kind === 'ended' && phase.exitCode !== 0);
    return broken && restartPolicy === 'Never' ? 'Failed' : 'Pending';
  }
  if (containers.every(({ phase }) => phase.kind === 'ended') && restartPolicy !== 'Always') {
    const failed = containers.some(({ phase }) => phase.kind === 'ended' && phase.exitCode !== 0);
    if (!failed) return 'Succeeded';
    return restartPolicy === 'Never' ? 'Failed' : 'Running';
  }
  return containers.some(({ phase, last }) => phase.kind !== 'waiting' || last) ? 'Running' : 'Pending';
}

function containerStatus(view: ContainerView, { pod, imageMounts }: PodFacts): ContainerStatus {
  const { phase } = view;
  const id = phase.kind === 'waiting' ? view.last?.id : phase.id;
  const spec = [...specOf(pod).containers, ...(specOf(pod).initContainers ?? [])].find(({ name }) => name === view.name);
  const mounted = imageMounts(spec?.volumeMounts ?? []);
  return {
    name: view.name,
    image: spec?.image ?? view.image,
    imageID: view.imageId,
    ...(id ? { containerID: `crownlabs://${id}` } : {}),
    state: stateOf(view),
    lastState: view.last ? { terminated: ended(view.last) } : {},
    restartCount: view.restarts,
    ready: view.ready,
    started: view.started,
    ...(mounted.length > 0 ? { volumeMounts: [...mounted] } : {}),
  };
}

function stateOf({ phase }: ContainerView): ContainerState {
  if (phase.kind === 'running') return { running: { startedAt: rfc3339(phase.startedAt) } };
  if (phase.kind === 'ended') return { terminated: ended(phase) };
  return { waiting: { reason: phase.reason, ...(phase.message === undefined ? {} : { message: phase.message }) } };
}

function ended({ exitCode, reason, message, startedAt, finishedAt, id }: Ended) {
  return {
    exitCode,
    reason,
    ...(message === undefined ? {} : { message }),
    startedAt: rfc3339(startedAt),
    finishedAt: rfc3339(finishedAt),
    containerID: `crownlabs://${id}`,
  };
}

const OWN = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'];

function conditions(facts: PodFacts, phase: string): PodCondition[] {
  const { pod, containers, podIp, initialized } = facts;
  const over = phase === 'Succeeded' || phase === 'Failed';
  const unready = containers.filter((view) => !view.ready).map(({ name }) => name);
  const ready = !over && unready.length === 0;
  const why = over
    ? { reason: phase === 'Failed' ? 'PodFailed' : 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `not ready: ${unready.join(', ')}` };
  const wanted: Omit<PodCondition, 'lastTransitionTime'>[] = [
    { type: 'PodReadyToStartContainers', status: flag(podIp !== undefined && !over) },
    { type: 'Initialized', status: flag(initialized), ...(initialized ? {} : { reason: 'ContainersNotInitialized' }) },
    { type: 'Ready', status: flag(ready), ...(ready ? {} : why) },
    { type: 'ContainersReady', status: flag(ready), ...(ready ? {} : why) },
  ];
  const before = pod.status?.conditions ?? [];
  const others = before.filter(({ type }) => !OWN.includes(type));
  return [...wanted.map((condition) => dated(condition, before, facts.now)), ...others];
}

/** Keeps the time of a condition that did not change. */
function dated(wanted: Omit<PodCondition, 'lastTransitionTime'>, before: readonly PodCondition[], now: number): PodCondition {
  const same = before.find(({ type, status }) => type === wanted.type && status === wanted.status);
  return { ...wanted, lastTransitionTime: same?.lastTransitionTime ?? rfc3339(now) };
}

function flag(value: boolean): string {
  return value ? 'True' : 'False';
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
function qosClass(pod: Pod): string {
  const all = [...specOf(pod).containers, ...(specOf(pod).initContainers ?? [])].map(({ resources }) => ({
    limits: quantities(resources?.limits),
    requests: quantities(resources?.requests),
  }));
  if (all.every(({ limits, requests }) => limits.size + requests.size === 0)) return 'BestEffort';
  const exact = all.every(({ limits, requests }) =>
    ['cpu', 'memory'].every((name) => limits.has(name) && (requests.get(name) ?? limits.get(name)) === limits.get(name)),
  );
  return exact ? 'Guaranteed' : 'Burstable';
}

function quantities(list: object | undefined): ReadonlyMap<string, string> {
  return new Map(Object.entries(list ?? {}).map(([name, value]) => [name, String(value)]));
}
