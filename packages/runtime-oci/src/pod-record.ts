import type { ContainerInfo, ContainerState, Mount, PodInfo, PodSpec } from '@crownlabs/runtime';
import type Dockerode from 'dockerode';
import { LABELS } from './names.ts';

/** What we remember of a pod. */
export interface PodRecord {
  readonly spec: PodSpec;
  readonly sandboxId: string;
  readonly ip: string;
  alive: boolean;
  /** Settles when the pod's network is there. */
  readonly ready: Promise<unknown>;
  readonly files: readonly Mount[];
  readonly containers: Map<string, ContainerRecord>;
  removing?: Promise<void>;
}

/** What we remember of a container. */
export interface ContainerRecord {
  info: ContainerInfo;
  readonly tty: boolean;
  readonly memoryLimited: boolean;
  /** We asked it to end. */
  stopping?: boolean;
}

/** The record as the port shows it. */
export function presentPod({ spec, ip, alive, containers }: PodRecord): PodInfo {
  const { uid, namespace, name } = spec;
  return { uid, namespace, name, ip, alive, containers: [...containers.values()].map(({ info }) => info) };
}

function time(text: string): number {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 ? 0 : ms;
}

/** Reads the engine's account of a container's life. */
export function readState(state: Dockerode.ContainerInspectInfo['State']): ContainerState {
  const startedAt = time(state.StartedAt);
  if (state.Running || state.Paused) return { phase: 'running', startedAt };
  if (startedAt === 0) return { phase: 'created' };
  return {
    phase: 'exited',
    exitCode: state.ExitCode,
    startedAt,
    finishedAt: time(state.FinishedAt) || startedAt,
    outOfMemory: state.OOMKilled,
  };
}

/** Remembers how a container ended. */
export function markEnded(container: ContainerRecord, state: ContainerState & { phase: 'exited' }): void {
  // Podman does not always notice that it was the memory limit. Nobody else kills a container that we did not ask to end.
  const killed = state.exitCode === 137 && container.memoryLimited && !container.stopping;
  container.info = { ...container.info, state: { ...state, outOfMemory: state.outOfMemory || killed } };
}

/** Reads a container of ours as the engine describes it; `undefined` when it is none. */
export function readContainer(seen: Dockerode.ContainerInspectInfo): (ContainerRecord & { sandboxId: string; spec: PodSpec }) | undefined {
  const labels = seen.Config.Labels;
  const podUid = labels[LABELS.podUid];
  const name = labels[LABELS.container];
  if (labels[LABELS.role] !== 'container' || !podUid || !name) return undefined;
  const mode = seen.HostConfig.NetworkMode ?? '';
  return {
    info: {
      id: seen.Id,
      podUid,
      name,
      attempt: Number(labels[LABELS.attempt] ?? 0),
      image: seen.Config.Image,
      imageId: seen.Image,
      state: readState(seen.State),
    },
    tty: seen.Config.Tty,
    memoryLimited: (seen.HostConfig.Memory ?? 0) > 0,
    sandboxId: mode.startsWith('container:') ? mode.slice('container:'.length) : '',
    spec: {
      uid: podUid,
      namespace: labels[LABELS.podNamespace] ?? '',
      name: labels[LABELS.podName] ?? '',
      hostname: seen.Config.Hostname ?? '',
    },
  };
}
