import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  type ContainerInfo,
  type ContainerSpec,
  type ContainerState,
  type ContainerUsage,
  type ExecRequest,
  type ExecStream,
  eventStream,
  type LogRequest,
  type PodInfo,
  type PodSpec,
  type Runtime,
  type RuntimeEvent,
} from '@crownlabs/runtime';
import { hasCode, LabError, type Logger, messageOf } from '@crownlabs/std';
import { containerConfig } from './container-config.ts';
import { containerAttach, containerExec, containerLogs } from './container-streams.ts';
import { type Engine, engineCall, engineTry } from './engine/engine.ts';
import { type Death, followEngine } from './engine-events.ts';
import { EngineImages } from './image-store.ts';
import { INSTALLATION_LABEL, LABELS, type Names } from './names.ts';
import type { Segments } from './network/segments.ts';
import type { TenantNetworks } from './network/tenant-networks.ts';
import { podFileMounts, removePodFiles, writePodFiles } from './pod-files.ts';
import { type ContainerRecord, markEnded, type PodRecord, presentPod, readContainer, readState } from './pod-record.ts';
import type { Sandbox, SandboxPool } from './sandbox-pool.ts';

/** What the runtime is made of. */
export interface OciParts {
  readonly engine: Engine;
  readonly installation: string;
  readonly names: Names;
  readonly networks: TenantNetworks;
  readonly segments: Segments;
  readonly pool: SandboxPool;
  /** Where the pods' own small files lie. */
  readonly directory: string;
  readonly log: Logger;
  /** Brings a dead engine service back. */
  readonly revive: () => Promise<void>;
}

/** The Runtime over a Docker Engine API. */
export class OciRuntime implements Runtime {
  readonly images: EngineImages;
  readonly #parts: OciParts;
  readonly #pods = new Map<string, PodRecord>();
  readonly #creating = new Map<string, Promise<PodRecord>>();
  readonly #events = eventStream<RuntimeEvent>({ type: 'resync' });

  constructor(parts: OciParts) {
    this.#parts = parts;
    this.images = new EngineImages(parts.engine.docker, () => this.#events.emit({ type: 'images' }));
  }

  get version(): string {
    return this.#parts.engine.version;
  }

  /** Finds what an earlier process left, fills the pool and follows the engine until the signal aborts. */
  async open(signal: AbortSignal): Promise<void> {
    const { engine, installation, log, revive } = this.#parts;
    const handlers = {
      died: (death: Death) => void this.#died(death),
      back: () => this.#events.emit({ type: 'resync' }),
      lost: revive,
    };
    void followEngine({ engine, installation, log }, handlers, signal);
    const places = await this.#parts.networks.adopt();
    const plugged = await this.#parts.segments.adopt();
    const rows = await this.#list();
    const sandboxes = rows.filter(({ Labels }) => Labels[LABELS.role] === 'sandbox');
    const free: Sandbox[] = [];
    for (const row of sandboxes) {
      const of = ({ sandboxId }: { sandboxId: string }) => sandboxId !== '' && row.Id.startsWith(sandboxId);
      const place = places.find(of);
      const pid = row.State === 'running' ? await this.#parts.pool.pid(row.Id) : undefined;
      if (place && pid !== undefined) this.#adopt(place.podUid, row.Id, place.ip);
      // One that is on segments and in no tenant's network was given up half-way.
      else if (!place && plugged.some(of)) await this.#parts.pool.remove(row.Id);
      else if (!place && pid !== undefined) free.push({ id: row.Id, pid });
    }
    for (const { podUid } of plugged) if (!this.#pods.has(podUid)) await this.#parts.segments.release(podUid);
    await this.#reload();
    const used = new Set([...this.#pods.values()].map(({ sandboxId }) => sandboxId));
    const dead = sandboxes.filter(({ Id, State }) => State !== 'running' && !used.has(Id));
    await Promise.all(dead.map(({ Id }) => this.#parts.pool.remove(Id)));
    // The first start should not wait for this, but nothing else has to either.
    this.#parts.pool
      .open(free.filter(({ id }) => !used.has(id)))
      .catch((error: unknown) => log.warn('Spare sandboxes were not made', { error: messageOf(error) }));
  }

  async createPod(spec: PodSpec): Promise<PodInfo> {
    const known = this.#pods.get(spec.uid);
    if (known && !known.removing) return presentPod(known);
    await known?.removing;
    const creating = this.#creating.get(spec.uid) ?? this.#create(spec).finally(() => this.#creating.delete(spec.uid));
    this.#creating.set(spec.uid, creating);
    return presentPod(await creating);
  }

  async #create(spec: PodSpec): Promise<PodRecord> {
    const { networks, directory } = this.#parts;
    const sandbox = await this.#sandbox(spec);
    const { ip } = await networks.claim(spec.namespace, spec.uid, sandbox.id);
    const ready = networks.plug(spec.namespace, spec.uid, sandbox.pid);
    // An engine makes a directory of a file that is to be mounted and is not there yet.
    await writePodFiles(directory, { uid: spec.uid, hostname: spec.hostname, ip, resolvers: networks.resolvers });
    const files = podFileMounts(directory, spec.uid);
    const record: PodRecord = { spec, sandboxId: sandbox.id, ip, alive: true, ready, files, containers: new Map() };
    this.#pods.set(spec.uid, record);
    // Whoever starts a container awaits it and sees the failure; the pod has to be made anew.
    ready.catch((error: unknown) => this.#lost(record, messageOf(error)));
    return record;
  }

  /** On its segments first, so that who has a place in its tenant's network lacks nothing, whenever we die. */
  async #sandbox({ uid, segments: wanted = [] }: PodSpec): Promise<Sandbox> {
    const { pool, segments } = this.#parts;
    const sandbox = await pool.take();
    if (wanted.length === 0) return sandbox;
    try {
      await segments.plug({ podUid: uid, sandboxId: sandbox.id, pid: sandbox.pid }, wanted);
      return sandbox;
    } catch (error) {
      await pool.remove(sandbox.id);
      await segments.release(uid);
      throw error;
    }
  }

  async removePod(uid: string): Promise<void> {
    await this.#creating.get(uid)?.catch(() => undefined);
    const pod = this.#pods.get(uid);
    if (!pod) return;
    pod.removing ??= this.#remove(pod).finally(() => delete pod.removing);
    await pod.removing;
  }

  async #remove(pod: PodRecord): Promise<void> {
    const { pool, networks, segments, directory } = this.#parts;
    await pod.ready.catch(() => undefined);
    await Promise.all([...pod.containers.keys()].map((id) => this.#removeFromEngine(id)));
    if (pod.sandboxId !== '') await pool.remove(pod.sandboxId);
    const { namespace, uid } = pod.spec;
    await Promise.all([networks.release(namespace, uid), segments.release(uid), removePodFiles(directory, uid)]);
    this.#pods.delete(uid);
  }

  async pods(): Promise<readonly PodInfo[]> {
    await this.#reload();
    return [...this.#pods.values()].filter(({ removing }) => !removing).map(presentPod);
  }

  async startContainer(podUid: string, spec: ContainerSpec, signal: AbortSignal): Promise<ContainerInfo> {
    const { engine, names, installation } = this.#parts;
    const pod = this.#pod(podUid);
    const image = await this.images.find(spec.image);
    if (!image) throw new LabError('NotFound', `The image ${spec.image} is not on this machine.`);
    const { sandboxId, files } = pod;
    const config = containerConfig(spec, { engine, names, installation, pod: pod.spec, sandboxId, image: image.name, files });
    const [container] = await Promise.all([this.#createContainer(config), pod.ready]);
    const { name, attempt } = spec;
    const record: ContainerRecord = {
      info: { id: container.id, podUid, name, attempt, image: spec.image, imageId: image.id, state: { phase: 'created' } },
      tty: spec.tty,
      memoryLimited: spec.limits.memoryBytes !== undefined,
    };
    pod.containers.set(container.id, record);
    try {
      signal.throwIfAborted();
      await engineCall(`Starting ${name}`, container.start());
    } catch (error) {
      await this.removeContainer(container.id);
      throw error;
    }
    // It may have ended already, and the event may have come before this answer.
    if (record.info.state.phase === 'created') record.info = { ...record.info, state: { phase: 'running', startedAt: Date.now() } };
    return record.info;
  }

  async #createContainer(config: ReturnType<typeof containerConfig>) {
    const { docker } = this.#parts.engine;
    const doing = `Creating ${config.name ?? 'a container'}`;
    try {
      return await engineCall(doing, docker.createContainer(config));
    } catch (error) {
      if (hasCode(error, 'NotFound')) this.images.forget();
      if (!/already in use/.test(messageOf(error))) throw error;
      // A process that died between creating and starting left it.
      await this.#removeFromEngine(config.name ?? '');
      return engineCall(doing, docker.createContainer(config));
    }
  }

  async stopContainer(id: string, graceMs: number): Promise<void> {
    const known = this.#container(id);
    if (known) known.stopping = true;
    const container = this.#parts.engine.docker.getContainer(id);
    await engineTry('Stopping a container', container.stop({ t: Math.ceil(graceMs / 1000) }));
    await this.#look(id);
  }

  async removeContainer(id: string): Promise<void> {
    await this.#removeFromEngine(id);
    for (const pod of this.#pods.values()) pod.containers.delete(id);
  }

  async #removeFromEngine(id: string): Promise<void> {
    await engineTry('Removing a container', this.#parts.engine.docker.getContainer(id).remove({ force: true, v: true }));
  }

  async waitContainer(id: string, signal: AbortSignal): Promise<ContainerState> {
    const container = this.#parts.engine.docker.getContainer(id);
    // Podman looks four times a second unless it is asked to look more often; Docker ignores the wish.
    const wish = { condition: 'not-running' as const, interval: '20ms', abortSignal: signal };
    await engineCall('Waiting for a container', container.wait(wish));
    const state = await this.#look(id);
    if (!state) throw new LabError('NotFound', `There is no container ${id}.`);
    return state;
  }

  events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    return this.#events.subscribe(signal);
  }

  logs(id: string, request: LogRequest, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return containerLogs(this.#parts.engine.docker, id, { ...request, tty: this.#container(id)?.tty ?? false }, signal);
  }

  exec(id: string, request: ExecRequest, signal: AbortSignal): Promise<ExecStream> {
    const { docker } = this.#parts.engine;
    if (request.command.length > 0) return containerExec(docker, id, request);
    const exitCode = async () => {
      const state = await this.waitContainer(id, signal);
      return state.phase === 'exited' ? state.exitCode : 0;
    };
    return containerAttach(docker, id, request, exitCode);
  }

  async dial(podUid: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const { ip, spec } = this.#pod(podUid);
    const socket = connect({ host: ip, port, noDelay: true });
    try {
      await new Promise<void>((resolve, reject) => {
        const abort = () => reject(signal.reason);
        signal.addEventListener('abort', abort, { once: true });
        const done = (settle: () => void) => {
          signal.removeEventListener('abort', abort);
          settle();
        };
        socket.once('connect', () => done(resolve)).once('error', (error) => done(() => reject(error)));
      });
    } catch (cause) {
      socket.destroy();
      throw new LabError('ServiceUnavailable', `Nothing answers on port ${port} of pod ${spec.name}: ${messageOf(cause)}`, { cause });
    }
    return socket;
  }

  async usage(podUid: string): Promise<readonly ContainerUsage[]> {
    const running = [...this.#pod(podUid).containers.values()].filter(({ info }) => info.state.phase === 'running');
    const found = await Promise.all(
      running.map(async ({ info }) => {
        const asked = this.#parts.engine.docker.getContainer(info.id).stats({ stream: false, 'one-shot': true });
        const stats = await engineTry('Measuring a container', asked);
        if (!stats) return [];
        const cache = stats.memory_stats.stats?.inactive_file ?? 0;
        const memoryBytes = Math.max(0, (stats.memory_stats.usage ?? 0) - cache);
        return [{ name: info.name, cpuNanoseconds: stats.cpu_stats.cpu_usage.total_usage, memoryBytes, at: Date.now() }];
      }),
    );
    return found.flat();
  }

  async writtenBytes(): Promise<ReadonlyMap<string, number>> {
    const rows: readonly { Id: string; SizeRw?: number }[] = await this.#list(true);
    return new Map(rows.map(({ Id, SizeRw }) => [Id, SizeRw ?? 0]));
  }

  /** Removes every container of the installation, whatever it is. */
  async removeAll(): Promise<void> {
    await Promise.all([...this.#pods.keys()].map((uid) => this.removePod(uid)));
    const rows = await this.#list();
    for (const role of ['container', 'sandbox']) {
      await Promise.all(rows.filter(({ Labels }) => Labels[LABELS.role] === role).map(({ Id }) => this.#removeFromEngine(Id)));
    }
  }

  /** Puts network walls up again if somebody took them down. */
  repair(): Promise<void> {
    return this.#parts.networks.repair();
  }

  #lost(pod: PodRecord, why: string): void {
    if (pod.removing) return;
    this.#parts.log.warn('A pod lost its network', { pod: pod.spec.name, why });
    pod.alive = false;
    this.#events.emit({ type: 'pod-lost', podUid: pod.spec.uid });
  }

  async #died({ id, labels, exitCode, at }: Death): Promise<void> {
    if (labels[LABELS.role] === 'sandbox') {
      if (this.#parts.pool.lost(id)) return;
      const pod = [...this.#pods.values()].find(({ sandboxId }) => sandboxId === id);
      if (pod) this.#lost(pod, 'its sandbox ended');
      return;
    }
    const seen = await this.#look(id).catch(() => undefined);
    const container = this.#container(id);
    if (!container || this.#pods.get(container.info.podUid)?.removing) return;
    if (seen?.phase !== 'exited') {
      const startedAt = container.info.state.phase === 'running' ? container.info.state.startedAt : at;
      markEnded(container, { phase: 'exited', exitCode, startedAt, finishedAt: at, outOfMemory: false });
    }
    this.#events.emit({ type: 'exited', podUid: container.info.podUid, container: container.info });
  }

  /** Asks the engine for a container's state and remembers it. */
  async #look(id: string): Promise<ContainerState | undefined> {
    const seen = await engineTry('Looking at a container', this.#parts.engine.docker.getContainer(id).inspect());
    if (!seen) return undefined;
    const state = readState(seen.State);
    const container = this.#container(id);
    if (!container || state.phase !== 'exited') return state;
    markEnded(container, state);
    return container.info.state;
  }

  async #reload(): Promise<void> {
    const rows = await this.#list();
    const here = new Set(rows.map(({ Id }) => Id));
    for (const pod of this.#pods.values()) {
      for (const id of pod.containers.keys()) if (!here.has(id)) pod.containers.delete(id);
      if (!here.has(pod.sandboxId)) pod.alive = false;
    }
    const changed = rows.filter((row) => {
      if (row.Labels[LABELS.role] !== 'container') return false;
      const phase = this.#container(row.Id)?.info.state.phase;
      return phase === undefined || (phase === 'running') !== (row.State === 'running');
    });
    await Promise.all(changed.map(({ Id }) => this.#adoptContainer(Id)));
  }

  async #adoptContainer(id: string): Promise<void> {
    const seen = await engineTry('Looking at a container', this.#parts.engine.docker.getContainer(id).inspect());
    const read = seen && readContainer(seen);
    if (!read) return;
    const known = this.#pods.get(read.info.podUid) ?? this.#adopt(read.info.podUid, read.sandboxId, '');
    const pod: PodRecord = known.spec.name === '' ? { ...known, spec: read.spec } : known;
    this.#pods.set(read.info.podUid, pod);
    pod.containers.set(id, { info: read.info, tty: read.tty, memoryLimited: read.memoryLimited });
  }

  /** A pod that is there already; without an address it has lost its network. */
  #adopt(uid: string, sandboxId: string, ip: string): PodRecord {
    const spec = { uid, namespace: this.#parts.networks.namespaceOf(uid) ?? '', name: '', hostname: '' };
    const files = podFileMounts(this.#parts.directory, uid);
    const record = { spec, sandboxId, ip, alive: ip !== '', ready: Promise.resolve(), files, containers: new Map() };
    this.#pods.set(uid, record);
    return record;
  }

  #list(size = false) {
    const filters = JSON.stringify({ label: [`${INSTALLATION_LABEL}=${this.#parts.installation}`] });
    return engineCall('Listing containers', this.#parts.engine.docker.listContainers({ all: true, size, filters }));
  }

  #pod(uid: string): PodRecord {
    const pod = this.#pods.get(uid);
    if (!pod) throw new LabError('NotFound', `There is no pod ${uid} on this machine.`);
    return pod;
  }

  #container(id: string): ContainerRecord | undefined {
    for (const pod of this.#pods.values()) {
      const container = pod.containers.get(id);
      if (container) return container;
    }
    return undefined;
  }
}
