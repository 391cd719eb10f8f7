import type { Duplex } from 'node:stream';
import { type Clock, LabError, systemClock } from '@crownlabs/std';
import { eventStream } from './event-stream.ts';
import { FakeContainer } from './fake-container.ts';
import { fakeImages } from './fake-images.ts';
import { environment, type FakeExec, type FakeProgram, shellExec } from './fake-process.ts';
import type {
  ContainerInfo,
  ContainerSpec,
  ContainerState,
  ContainerUsage,
  ExecRequest,
  ExecStream,
  LogRequest,
  PodInfo,
  PodSpec,
  Runtime,
  RuntimeEvent,
} from './runtime.ts';

/** How the fake engine behaves. Everything has a default. */
export interface FakeRuntimeOptions {
  readonly clock?: Clock;
  /** Images that are there from the beginning; `'any'` (the default): whatever is asked for. */
  readonly images?: readonly string[] | 'any';
  /** Images that a pull finds. */
  readonly registry?: readonly string[];
  /** How long a container takes from the request until it runs. */
  readonly startDelayMs?: (spec: ContainerSpec) => number;
  /** What a container runs; the default serves RFB and HTTP at once. */
  readonly program?: (spec: ContainerSpec) => FakeProgram;
  readonly exec?: FakeExec;
}

/** The fake with its levers. */
export interface FakeRuntime extends Runtime {
  /** Ends a running container, as a crash would. */
  crash(podName: string, container: string, exitCode: number, outOfMemory?: boolean): void;
  /** Takes a pod's network namespace away. */
  losePod(podName: string): void;
  /** Makes the next starts of containers of that image fail. */
  failStarts(image: string, message: string | undefined): void;
  /** Bytes that `writtenBytes` reports for the containers of a pod. */
  setWritten(podName: string, bytes: number): void;
  /** Containers started since the beginning. */
  readonly startedCount: number;
}

interface FakePod {
  readonly spec: PodSpec;
  readonly ip: string;
  alive: boolean;
  written: number;
  readonly containers: FakeContainer[];
}

/** A working runtime without an engine: pods, containers, logs, exec and connections in memory. */
export function fakeRuntime(options: FakeRuntimeOptions = {}): FakeRuntime {
  return new InMemoryRuntime(options);
}

class InMemoryRuntime implements FakeRuntime {
  readonly version = 'Fake 1.0';
  readonly images;
  readonly #options: FakeRuntimeOptions;
  readonly #clock: Clock;
  readonly #pods = new Map<string, FakePod>();
  readonly #events = eventStream<RuntimeEvent>({ type: 'resync' });
  readonly #failing = new Map<string, string>();
  #lastAddress = 1;
  #started = 0;

  constructor(options: FakeRuntimeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.images = fakeImages(options.images ?? 'any', options.registry ?? [], () => this.#events.emit({ type: 'images' }));
  }

  get startedCount(): number {
    return this.#started;
  }

  createPod(spec: PodSpec): Promise<PodInfo> {
    const known = this.#pods.get(spec.uid);
    if (known) return Promise.resolve(present(known));
    const n = ++this.#lastAddress;
    const pod: FakePod = { spec, ip: `10.${200 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`, alive: true, written: 0, containers: [] };
    this.#pods.set(spec.uid, pod);
    return Promise.resolve(present(pod));
  }

  removePod(uid: string): Promise<void> {
    const pod = this.#pods.get(uid);
    this.#pods.delete(uid);
    for (const container of pod?.containers ?? []) container.exit(137);
    return Promise.resolve();
  }

  pods(): Promise<readonly PodInfo[]> {
    return Promise.resolve([...this.#pods.values()].map(present));
  }

  async startContainer(podUid: string, spec: ContainerSpec, signal: AbortSignal): Promise<ContainerInfo> {
    const pod = this.#pod(podUid);
    if (!(await this.images.find(spec.image))) throw new LabError('NotFound', `Image ${spec.image} is not on this machine.`);
    const delay = this.#options.startDelayMs?.(spec) ?? 0;
    if (delay > 0) await this.#clock.sleep(delay, signal);
    const failure = this.#failing.get(spec.image);
    if (failure) throw new LabError('InternalError', failure);
    const container = new FakeContainer(`${podUid}-${spec.name}-${spec.attempt}`, pod.spec, spec, this.#clock);
    pod.containers.push(container);
    this.#started++;
    const program = this.#options.program?.(spec) ?? environment;
    container.start(program, () => this.#events.emit({ type: 'exited', podUid, container: container.info }));
    return container.info;
  }

  async stopContainer(id: string, graceMs: number): Promise<void> {
    await this.#find(id)?.stop(graceMs);
  }

  removeContainer(id: string): Promise<void> {
    this.#find(id)?.exit(137);
    for (const pod of this.#pods.values()) {
      const at = pod.containers.findIndex((container) => container.id === id);
      if (at >= 0) pod.containers.splice(at, 1);
    }
    return Promise.resolve();
  }

  async waitContainer(id: string, signal: AbortSignal): Promise<ContainerState> {
    const container = this.#container(id);
    const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    await Promise.race([container.ended, aborted]);
    return container.info.state;
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#events.subscribe(signal);
  }

  logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#container(id).logs(request, signal);
  }

  exec(id: string, request: ExecRequest): Promise<ExecStream> {
    return Promise.resolve(this.#container(id).exec(this.#options.exec ?? shellExec, request));
  }

  dial(podUid: string, port: number): Promise<Duplex> {
    const containers = this.#pod(podUid).containers;
    for (const orAny of [false, true]) {
      for (const container of containers) {
        const socket = container.connect(port, orAny);
        if (socket) return Promise.resolve(socket);
      }
    }
    return Promise.reject(new LabError('ServiceUnavailable', `Nothing listens on port ${port} of the pod.`));
  }

  usage(podUid: string): Promise<readonly ContainerUsage[]> {
    const running = this.#pod(podUid).containers.filter((it) => it.info.state.phase === 'running');
    return Promise.resolve(
      running.map(({ info }) => ({ name: info.name, cpuNanoseconds: 1e6, memoryBytes: 1 << 20, at: this.#clock.now() })),
    );
  }

  writtenBytes(): Promise<ReadonlyMap<string, number>> {
    const all = [...this.#pods.values()].flatMap((pod) => pod.containers.map((it) => [it.id, pod.written] as const));
    return Promise.resolve(new Map(all));
  }

  crash(podName: string, container: string, exitCode: number, outOfMemory = false): void {
    for (const it of this.#named(podName).containers) if (it.info.name === container) it.exit(exitCode, outOfMemory);
  }

  losePod(podName: string): void {
    const pod = this.#named(podName);
    pod.alive = false;
    this.#events.emit({ type: 'pod-lost', podUid: pod.spec.uid });
  }

  failStarts(image: string, message: string | undefined): void {
    if (message === undefined) this.#failing.delete(image);
    else this.#failing.set(image, message);
  }

  setWritten(podName: string, bytes: number): void {
    this.#named(podName).written = bytes;
  }

  #pod(uid: string): FakePod {
    const pod = this.#pods.get(uid);
    if (!pod) throw new LabError('NotFound', `There is no pod ${uid}.`);
    return pod;
  }

  #named(name: string): FakePod {
    const pod = [...this.#pods.values()].find((it) => it.spec.name === name);
    if (!pod) throw new LabError('NotFound', `There is no pod ${name}.`);
    return pod;
  }

  #find(id: string): FakeContainer | undefined {
    for (const pod of this.#pods.values()) {
      const found = pod.containers.find((container) => container.id === id);
      if (found) return found;
    }
    return undefined;
  }

  #container(id: string): FakeContainer {
    const container = this.#find(id);
    if (!container) throw new LabError('NotFound', `There is no container ${id}.`);
    return container;
  }
}

function present(pod: FakePod): PodInfo {
  const { uid, namespace, name } = pod.spec;
  return { uid, namespace, name, ip: pod.ip, alive: pod.alive, containers: pod.containers.map((it) => it.info) };
}
