import type { Kube } from '@crownlabs/client';
import type { Pod as WirePod } from 'kubernetes-types/core/v1.js';

/** A pod as the client reads it. */
export type Pod = Kube<WirePod>;

/** Whether the pod has ended, well or not. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Whether the pod runs or may still run: neither ended nor on its way out. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Whether the pod is on its way out, and still runs. */
export function isTerminating(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** Whether the pod says that it can take work. */
export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** Since when the pod is ready, in milliseconds since the epoch; `undefined` if it is not. */
function readySince({ status }: Pod): number | undefined {
  const ready = status?.conditions?.find(({ type, status: value }) => type === 'Ready' && value === 'True');
  return ready ? Date.parse(ready.lastTransitionTime ?? '') || 0 : undefined;
}

/** Milliseconds until the pod has been ready for `seconds`: 0 when it has, `undefined` while it is not ready. */
export function availableIn(pod: Pod, seconds: number, now: number): number | undefined {
  const since = readySince(pod);
  return since === undefined ? undefined : Math.max(0, since + seconds * 1000 - now);
}
