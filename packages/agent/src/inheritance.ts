import type { ContainerInfo, PodInfo } from '@crownlabs/runtime';
import type { ContainerStateTerminated, ContainerStatus } from 'kubernetes-types/core/v1.js';
import type { Inheritance } from './container-runner.ts';
import type { Ended } from './container-view.ts';
import type { Pod } from './pod.ts';

/** What is known of a container from before this process: from the runtime where its pod lives on, from the status otherwise. */
export function inheritanceOf(pod: Pod, name: string, found: PodInfo | undefined): Inheritance {
  const status = statusOf(pod, name);
  const container = found?.alive ? newest(found.containers, name) : undefined;
  const lost = found?.alive === false && status?.state?.running !== undefined;
  return { container, restarts: restartsOf(status, container) + (lost ? 1 : 0), ...readStatus(status) };
}

function statusOf({ status }: Pod, name: string): ContainerStatus | undefined {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find((it) => it.name === name);
}

function newest(containers: readonly ContainerInfo[], name: string): ContainerInfo | undefined {
  return containers.filter((it) => it.name === name).toSorted((a, b) => b.attempt - a.attempt)[0];
}

function restartsOf(status: ContainerStatus | undefined, container: ContainerInfo | undefined): number {
  return Math.max(container?.attempt ?? 0, status?.restartCount ?? 0);
}

function readStatus(status: ContainerStatus | undefined): Pick<Inheritance, 'last' | 'ready'> {
  const terminated = status?.lastState?.terminated;
  return { last: terminated && readEnded(terminated), ready: status?.ready ?? false };
}

function readEnded({ exitCode, reason = 'Error', containerID = '', startedAt, finishedAt }: ContainerStateTerminated): Ended {
  const ms = (time: unknown) => Date.parse(String(time)) || 0;
  return { exitCode, reason, startedAt: ms(startedAt), finishedAt: ms(finishedAt), id: containerID.replace('crownlabs://', '') };
}
