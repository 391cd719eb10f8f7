import type { ContainerSpec, ImageInfo } from '@crownlabs/runtime';
import { limitsOf } from './amounts.ts';
import { devicesOf, type NodeDevice } from './devices.ts';
import { type EnvContext, expand, resolveEnv } from './environment.ts';
import type { Container } from './pod.ts';
import { securityOf } from './security.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

/** What a container's spec is made from beside the pod. */
export interface SpecContext extends EnvContext {
  readonly volumes: PodVolumes;
  readonly image: ImageInfo;
  readonly attempt: number;
  readonly devices: readonly NodeDevice[] | undefined;
}

const isShm = (path: string) => path.replace(/\/$/, '') === '/dev/shm';

/** The container as the runtime takes it, every reference resolved. Throws what `CreateContainerConfigError` says. */
export async function containerSpec(container: Container, context: SpecContext): Promise<ContainerSpec> {
  const env = await resolveEnv(container, context);
  const { command, args, workingDir, volumeMounts = [], stdin, tty } = container;
  const devices = devicesOf(container, context.devices);
  const words = (list: readonly string[]) => list.map((word) => expand(word, env));
  const sharedMemoryBytes = context.volumes.sharedMemory(volumeMounts);
  return {
    name: container.name,
    attempt: context.attempt,
    image: container.image ?? '',
    ...(command?.length ? { command: words(command) } : {}),
    ...(args?.length ? { args: words(args) } : {}),
    ...(workingDir ? { workingDir } : {}),
    env: [...env],
    mounts: context.volumes.mounts(volumeMounts, env).filter(({ target }) => !(sharedMemoryBytes !== undefined && isShm(target))),
    limits: limitsOf(container),
    security: securityOf(context.pod, container, context.image.user),
    stdin: stdin ?? false,
    tty: tty ?? false,
    ...(sharedMemoryBytes === undefined ? {} : { sharedMemoryBytes }),
    ...(devices.length > 0 ? { devices } : {}),
  };
}
