import type { ContainerSpec, Mount, PodSpec } from '@crownlabs/runtime';
import type Dockerode from 'dockerode';
import type { Engine } from './engine/engine.ts';
import { INSTALLATION_LABEL, LABELS, type Names } from './names.ts';

/** What a container's configuration depends on beside its spec. */
export interface ConfigContext {
  readonly engine: Pick<Engine, 'kind' | 'ulimits'>;
  readonly names: Names;
  readonly installation: string;
  readonly pod: PodSpec;
  readonly sandboxId: string;
  /** The image as the engine names it. */
  readonly image: string;
  /** Files of the pod that every container gets: `/etc/hosts` and the like. */
  readonly files: readonly Mount[];
}

const PROCESSES = 4096;
// Raw sockets could pretend to be a neighbour; device nodes could be the host's disk. Nothing that runs in a lab needs either.
const NEVER = ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'];
const LOG_BYTES = '10m';

/** The engine's own description of a container. https://docs.docker.com/reference/api/engine/version/v1.41/ */
export function containerConfig(spec: ContainerSpec, context: ConfigContext): Dockerode.ContainerCreateOptions {
  const { pod, engine } = context;
  return {
    name: context.names.container(pod, spec.name, spec.attempt),
    Image: context.image,
    // Docker takes the hostname from the sandbox and refuses another one.
    ...(engine.kind === 'podman' ? { Hostname: pod.hostname.slice(0, 63) } : {}),
    ...(spec.command ? { Entrypoint: [...spec.command] } : {}),
    ...(spec.args ? { Cmd: [...spec.args] } : spec.command ? { Cmd: [] } : {}),
    ...(spec.workingDir ? { WorkingDir: spec.workingDir } : {}),
    ...user(spec),
    Env: [`HOSTNAME=${pod.hostname}`, ...spec.env.map(([name, value]) => `${name}=${value}`)],
    Tty: spec.tty,
    OpenStdin: spec.stdin,
    Labels: {
      [INSTALLATION_LABEL]: context.installation,
      [LABELS.role]: 'container',
      [LABELS.podUid]: pod.uid,
      [LABELS.podNamespace]: pod.namespace,
      [LABELS.podName]: pod.name,
      [LABELS.container]: spec.name,
      [LABELS.attempt]: String(spec.attempt),
    },
    HostConfig: hostConfig(spec, context),
  };
}

function user({ security }: ContainerSpec): { User?: string } {
  if (!security.user) return {};
  const { uid, gid } = security.user;
  return { User: gid === undefined ? String(uid) : `${uid}:${gid}` };
}

/** What is given by name, to who runs as anybody: its group comes with it. */
function devices({ devices = [], security: { privileged, groups } }: ContainerSpec): Dockerode.HostConfig {
  if (devices.length === 0 || privileged) return {};
  return {
    Devices: devices.map(({ path }) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rw' })),
    GroupAdd: [...new Set([...groups, ...devices.flatMap(({ group }) => group ?? [])])].map(String),
  };
}

function hostConfig(spec: ContainerSpec, context: ConfigContext): Dockerode.HostConfig {
  const mounts = [...context.files, ...spec.mounts];
  return {
    NetworkMode: `container:${context.sandboxId}`,
    IpcMode: 'private',
    ...security(spec),
    ...devices(spec),
    ...limits(spec),
    Ulimits: [...context.engine.ulimits],
    Binds: mounts.flatMap((it) => (it.kind === 'bind' ? [`${it.source}:${it.target}:${it.readOnly ? 'ro' : 'rw'}`] : [])),
    Tmpfs: Object.fromEntries(mounts.flatMap((it) => (it.kind === 'memory' ? [[it.target, tmpfs(it.sizeBytes)]] : []))),
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: context.engine.kind === 'podman' ? 'k8s-file' : 'json-file', Config: { 'max-size': LOG_BYTES } },
  };
}

function tmpfs(sizeBytes: number | undefined): string {
  return ['rw', 'nosuid', 'nodev', 'mode=1777', ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`])].join(',');
}

function security({ security }: ContainerSpec): Dockerode.HostConfig {
  if (security.privileged) return { Privileged: true };
  return {
    CapDrop: security.capabilities === 'all-dropped' ? ['ALL'] : NEVER,
    CapAdd: [...security.addCapabilities],
    SecurityOpt: [
      ...(security.noNewPrivileges ? ['no-new-privileges'] : []),
      ...(security.unconfinedSeccomp ? ['seccomp=unconfined'] : []),
    ],
    ReadonlyRootfs: security.readOnlyRoot,
    GroupAdd: security.groups.map(String),
  };
}

function limits({ limits, sharedMemoryBytes }: ContainerSpec): Dockerode.HostConfig {
  return {
    // Swap beyond the limit would make a desktop slow instead of telling its owner what is wrong.
    ...(limits.memoryBytes ? { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes } : {}),
    ...(limits.cpus ? { NanoCpus: Math.round(limits.cpus * 1e9) } : {}),
    ...(limits.cpuShares ? { CpuShares: Math.max(2, limits.cpuShares) } : {}),
    ...(sharedMemoryBytes ? { ShmSize: sharedMemoryBytes } : {}),
    PidsLimit: limits.processes ?? PROCESSES,
  };
}
