import type { Duplex, Readable } from 'node:stream';

/** Which pod: the uid decides, namespace and name are for people and for the network. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** What a pod is before it has containers: a network namespace of its own in its namespace's isolated network. */
export interface PodSpec extends PodRef {
  readonly hostname: string;
  /** Segments that the pod is on beside its own network. Absent: none. */
  readonly segments?: readonly SegmentPlace[];
}

/**
 * A pod's place on a segment: a wire within this machine between the pods that are on it, whoever they belong to. It leads nowhere else, and
 * carries every frame as it is. The pod's own programs are not on it: it ends at a TAP device, into which an emulator plugs a card.
 */
export interface SegmentPlace {
  /** Which: one that is named alike is the same. 1 to 15 letters, digits, `_`, `.` and `-`, the first of them a letter or digit. */
  readonly segment: string;
  /** What the TAP device is called in the pod, within the same rules. */
  readonly device: string;
  /** The user who may open the device, without any capability. */
  readonly owner: number;
}

/** A directory of the host, or memory, as the container sees it. */
export type Mount =
  | { readonly kind: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly kind: 'memory'; readonly target: string; readonly sizeBytes?: number };

/** Bounds of a container; absent means none. */
export interface Limits {
  readonly memoryBytes?: number;
  readonly cpus?: number;
  /** Relative weight when CPUs are scarce: 1024 for one requested CPU. */
  readonly cpuShares?: number;
  readonly processes?: number;
}

/** What a container may do. The agent has already refused what the house forbids. */
export interface Security {
  readonly user?: { readonly uid: number; readonly gid?: number };
  readonly groups: readonly number[];
  /** `all` drops every capability; `default` keeps a small set, never raw sockets or device nodes. */
  readonly capabilities: 'all-dropped' | 'default';
  readonly addCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnlyRoot: boolean;
  readonly privileged: boolean;
  readonly unconfinedSeccomp: boolean;
}

/** One container of a pod, all references resolved. */
export interface ContainerSpec {
  readonly name: string;
  /** Counts restarts, from 0: (pod, name, attempt) is unique. */
  readonly attempt: number;
  /** An image that {@link ImageStore.find} knows. */
  readonly image: string;
  /** Replaces the image's entrypoint. */
  readonly command?: readonly string[];
  /** Replaces the image's default arguments. */
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
  readonly security: Security;
  readonly stdin: boolean;
  readonly tty: boolean;
  /** Bytes of shared memory at /dev/shm; absent: the engine's default. */
  readonly sharedMemoryBytes?: number;
  /** Devices of the machine that the container may use. Absent: none. */
  readonly devices?: readonly Device[];
}

/** A device of the machine. */
export interface Device {
  readonly path: string;
  /** The group that may use it. Absent: everybody may. */
  readonly group?: number;
}

/** Where a container is in its life. Times are milliseconds since the epoch. */
export type ContainerState =
  | { readonly phase: 'created' }
  | { readonly phase: 'running'; readonly startedAt: number }
  | {
      readonly phase: 'exited';
      readonly exitCode: number;
      readonly startedAt: number;
      readonly finishedAt: number;
      readonly outOfMemory: boolean;
    };

/** A container as the runtime sees it. */
export interface ContainerInfo {
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  readonly imageId: string;
  readonly state: ContainerState;
}

/** A pod as the runtime sees it. */
export interface PodInfo extends PodRef {
  readonly ip: string;
  /** False once the network namespace is lost: the pod must be removed and made anew. */
  readonly alive: boolean;
  readonly containers: readonly ContainerInfo[];
}

/** Something that happened without being asked for. */
export type RuntimeEvent =
  | { readonly type: 'exited'; readonly podUid: string; readonly container: ContainerInfo }
  | { readonly type: 'pod-lost'; readonly podUid: string }
  /** An image came to the machine. */
  | { readonly type: 'images' }
  /** Events may have been missed (the engine was restarted): list again. */
  | { readonly type: 'resync' };

/** Which lines of a log. Times are milliseconds since the epoch. */
export interface LogRequest {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly since?: number;
  readonly tailLines?: number;
}

/** A command to run in a container; without a command, the container's own process. */
export interface ExecRequest {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
}

/** A running command. */
export interface ExecStream {
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: AsyncIterable<Uint8Array>;
  /** Empty with a terminal. */
  readonly stderr: AsyncIterable<Uint8Array>;
  resize(columns: number, rows: number): Promise<void>;
  readonly exited: Promise<number>;
}

/** What a container uses now. */
export interface ContainerUsage {
  readonly name: string;
  /** CPU time since the container was started. */
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
  readonly at: number;
}

/** An image on the machine. */
export interface ImageInfo {
  readonly id: string;
  readonly references: readonly string[];
  readonly sizeBytes: number;
  /** `USER` of the image, as written: `''`, `1010`, `1010:1010`, `student`. */
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Configuration of an image that is imported from a plain file tree. */
export interface ImageConfig {
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports?: readonly number[];
}

/** Progress of a pull, as far as the engine tells. */
export interface PullProgress {
  readonly text: string;
}

/** The images of the machine. */
export interface ImageStore {
  /** The image of that name, `localhost/<name>` for a name without a registry; `undefined` when it is not here. */
  find(reference: string): Promise<ImageInfo | undefined>;
  list(): Promise<readonly ImageInfo[]>;
  /** Fetches from a registry. Unavailable when none answers, NotFound when it has no such image. */
  pull(reference: string, signal: AbortSignal, onProgress?: (progress: PullProgress) => void): Promise<ImageInfo>;
  /** Makes an image of one layer from a tar stream of its file tree. */
  import(tar: Readable, as: { readonly reference: string; readonly config: ImageConfig }): Promise<ImageInfo>;
  /** The file tree of an image as a tar stream; a break in it is an error of the stream. NotFound when the image is not here. */
  export(reference: string, signal: AbortSignal): Promise<Readable>;
  /** Removes a name, and the image with its last name; Conflict while a container uses it. */
  remove(reference: string): Promise<void>;
}

/**
 * All that the node agent knows of containers. A pod is a group of containers that share one network namespace,
 * which outlives each of them. One implementation per engine, one contract test for all.
 */
export interface Runtime {
  /** For people: `Podman 4.3.1`. */
  readonly version: string;
  readonly images: ImageStore;
  /** Makes the pod, or finds it. Its address is decided at once; its network is up before its first container runs. */
  createPod(spec: PodSpec, signal: AbortSignal): Promise<PodInfo>;
  /** Kills what still runs, removes containers, network namespace and, after its last pod, the namespace's network. */
  removePod(uid: string): Promise<void>;
  /** Everything of this installation, running or not. */
  pods(): Promise<readonly PodInfo[]>;
  /** Creates and starts a container in its pod. */
  startContainer(podUid: string, spec: ContainerSpec, signal: AbortSignal): Promise<ContainerInfo>;
  /** Asks the container to end and kills it after `graceMs`. Resolves when it has ended. */
  stopContainer(id: string, graceMs: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  /** Resolves when the container has ended, sooner than the event may come. */
  waitContainer(id: string, signal: AbortSignal): Promise<ContainerState>;
  /** Subscribes at once. */
  events(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  exec(id: string, request: ExecRequest, signal: AbortSignal): Promise<ExecStream>;
  /** A TCP connection to a port of the pod. */
  dial(podUid: string, port: number, signal: AbortSignal): Promise<Duplex>;
  usage(podUid: string): Promise<readonly ContainerUsage[]>;
  /** Bytes that containers have written to their own file systems, by container id. Slow: the engine counts files. */
  writtenBytes(): Promise<ReadonlyMap<string, number>>;
}
