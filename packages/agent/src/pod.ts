import type { Kube } from '@crownlabs/client';
import type { PodSpec, Container as WireContainer, Pod as WirePod } from 'kubernetes-types/core/v1.js';

/** A pod as the client reads it. */
export type Pod = Kube<WirePod>;
/** A container as a pod's spec writes it. */
export type Container = WireContainer;

/** Which pod, for logs and messages. */
export interface PodId {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** The identity of a pod. */
export function idOf({ metadata: { namespace = 'default', name, uid = '' } }: Pod): PodId {
  return { namespace, name, uid };
}

/** The pod's spec, empty where it has none. */
export function specOf(pod: Pod): PodSpec {
  return pod.spec ?? { containers: [] };
}

/** Containers that run before all others, in order. */
export function initContainersOf(pod: Pod): readonly Container[] {
  return specOf(pod).initContainers ?? [];
}

/** Whether the pod has ended for good. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Milliseconds that the pod's containers have to end by themselves. */
export function graceMs(pod: Pod): number {
  const seconds = pod.metadata.deletionGracePeriodSeconds ?? specOf(pod).terminationGracePeriodSeconds ?? 30;
  return Math.max(0, seconds) * 1000;
}
