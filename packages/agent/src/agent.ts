import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ANNOTATION } from '@crownlabs/api';
import {
  eventRecorder,
  type Informer,
  informer,
  type Kube,
  type KubeClient,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
} from '@crownlabs/client';
import type { ImageStore, PodInfo, Runtime, RuntimeEvent } from '@crownlabs/runtime';
import { backoffDelay, type Clock, hasCode, type Logger, messageOf } from '@crownlabs/std';
import type { PersistentVolume } from 'kubernetes-types/core/v1.js';
import { imageNews, type NodeDeps } from './deps.ts';
import { type Kubelet, kubelet } from './kubelet.ts';
import { hostAddress, type NodeConfig, NodeRegistration, nodeAmounts } from './node.ts';
import { idOf, type Pod } from './pod.ts';
import { PodRunner } from './pod-runner.ts';
import { type PodStats, StatsReader } from './pod-stats.ts';
import type { PodFailure } from './pod-status.ts';
import { watchDisk } from './pressure.ts';
import { reclaimVolumes } from './reclaim.ts';
import { refusals, trusts } from './refusal.ts';
import { ImageVolumes } from './volumes/image-volumes.ts';
import { mountsImages } from './volumes/pod-volumes.ts';

/** What an agent is started with. */
export interface AgentOptions {
  /** Speaks as `system:node:<nodeName>`. */
  readonly client: KubeClient;
  readonly runtime: Runtime;
  /** Where images are found and fetched. Absent: those of the runtime, which must have what is found here. */
  readonly imageStore?: ImageStore;
  readonly nodeName: string;
  /** Volumes live here. Only root may enter it. */
  readonly dataDir: string;
  /** A directory on a memory file system for what must not reach the disk (contents of Secrets). Absent: below dataDir. */
  readonly memoryDir?: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: AgentConfig;
  readonly signal: AbortSignal;
}

/** Settings of a node. */
export interface AgentConfig extends NodeConfig {
  /** Frees disk space that costs nobody anything (unused images) when the disk is nearly full; tells whether it did. */
  readonly makeRoom?: () => Promise<boolean>;
}

/** The node: what the API asks of it, and what it measures. */
export interface Agent extends Kubelet {
  readonly nodeName: string;
  podStats(): Promise<readonly PodStats[]>;
  /** An image came to the machine: who waits for one looks again. */
  imagesChanged(): void;
  /** Resolves when the signal has aborted and nothing of the agent runs any more. Containers do. */
  readonly stopped: Promise<void>;
}

/** Registers the node, takes over what runs already, and keeps the pods that are bound to it until the signal aborts. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { client, runtime, nodeName, clock, log, signal, config } = options;
  const places = { data: options.dataDir, memory: options.memoryDir ?? options.dataDir };
  await Promise.all([...new Set([places.data, places.memory])].map((path) => mkdir(path, { recursive: true, mode: 0o711 })));
  const registration = new NodeRegistration({
    client,
    name: nodeName,
    dataDir: places.data,
    runtimeVersion: runtime.version,
    config,
    clock,
    log,
  });
  const deps = shared(options, places);
  const events = runtime.events(signal);
  const live = informer(client, pods, { fieldSelector: `spec.nodeName=${nodeName}`, clock, log }, signal);
  const volumes: Informer<Kube<PersistentVolume>> = informer(client, persistentVolumes, { clock, log }, signal);
  const [running] = await Promise.all([runtime.pods(), registration.register(), live.synced(signal)]);
  const crew = new Crew(deps, live, running);
  await crew.begin();
  // A tree that a running pod has mounted may be of an image that is gone.
  if (!live.list().some(mountsImages)) await deps.imageVolumes.sweep(await disksLeanOn(client));
  const stopReclaiming = reclaimVolumes({ client, volumes, places, log });
  const disk = {
    runtime,
    dataDir: places.data,
    clock,
    log,
    runners: () => crew.runners(),
    setDiskPressure: (pressure: boolean) => registration.setDiskPressure(pressure),
    makeRoom: config.makeRoom ?? (() => Promise.resolve(false)),
  };
  const tasks = [crew.listen(events), registration.keepAlive(signal), watchDisk(disk, signal)];
  const stats = new StatsReader(runtime);
  return {
    ...kubelet(runtime, (uid) => crew.runner(uid)),
    nodeName,
    podStats: () =>
      stats.read(
        crew
          .runners()
          .filter((runner) => runner.active)
          .map(({ pod }) => pod),
      ),
    imagesChanged: () => deps.images.announce(),
    stopped: Promise.allSettled(tasks).then(async () => {
      stopReclaiming();
      await crew.leave();
    }),
  };
}

/** The images that disks of machines lean on: without them they are nothing. */
async function disksLeanOn(client: KubeClient): Promise<string[]> {
  const { items } = await client.list(persistentVolumeClaims);
  return items.flatMap(({ metadata }) => metadata.annotations?.[ANNOTATION.diskBase] ?? []);
}

function shared({ client, runtime, imageStore = runtime.images, clock, log, config }: AgentOptions, places: NodeDeps['places']): NodeDeps {
  return {
    client,
    runtime,
    imageStore,
    clock,
    log,
    places,
    events: eventRecorder(client, { component: 'kubelet', clock, log }),
    node: nodeAmounts(config),
    hostIp: hostAddress(),
    crowd: { count: 0 },
    images: imageNews(clock),
    imageVolumes: new ImageVolumes(join(places.data, 'image-volumes'), imageStore),
    devices: config.devices,
  };
}

const REBUILD = { baseMs: 1_000, capMs: 60_000 };

/** One runner for each pod of the node. */
class Crew {
  readonly #deps: NodeDeps;
  readonly #live: Informer<Pod>;
  readonly #runners = new Map<string, PodRunner>();
  readonly #adopted: Map<string, PodInfo>;
  readonly #losses = new Map<string, number>();
  #stop: () => void = () => undefined;

  constructor(deps: NodeDeps, live: Informer<Pod>, running: readonly PodInfo[]) {
    this.#deps = deps;
    this.#live = live;
    this.#adopted = new Map(running.map((pod) => [pod.uid, pod]));
  }

  /** Takes over what runs, removes what no object stands for, and follows the API from now on. */
  async begin(): Promise<void> {
    const wanted = new Set(this.#live.list().map((pod) => idOf(pod).uid));
    const orphans = [...this.#adopted.keys()].filter((uid) => !wanted.has(uid));
    this.#stop = this.#live.onChange((now, before) => this.#changed(now, before));
    const removed = await Promise.allSettled(orphans.map((uid) => this.#deps.runtime.removePod(uid)));
    for (const result of removed)
      if (result.status === 'rejected') this.#deps.log.warn('An orphaned pod was not removed', { error: messageOf(result.reason) });
  }

  runner(uid: string): PodRunner | undefined {
    return this.#runners.get(uid);
  }

  runners(): readonly PodRunner[] {
    return [...this.#runners.values()];
  }

  async listen(events: AsyncIterable<RuntimeEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type === 'exited') this.#runners.get(event.podUid)?.exited(event.container);
      else if (event.type === 'pod-lost') void this.#rebuild(event.podUid);
      else if (event.type === 'images') this.#deps.images.announce();
      else await this.#resync().catch((error: unknown) => this.#deps.log.error('Pods were not listed again', { error: messageOf(error) }));
    }
  }

  /** Lets go of everything; what runs stays. */
  async leave(): Promise<void> {
    this.#stop();
    await Promise.allSettled(this.runners().map((runner) => runner.abandon()));
  }

  #changed(now: Pod | undefined, before: Pod | undefined): void {
    const old = before && idOf(before).uid;
    if (old !== undefined && (!now || idOf(now).uid !== old)) this.#forget(old);
    if (!now) return;
    const { uid } = idOf(now);
    const runner = this.#runners.get(uid);
    if (runner) runner.update(now);
    else this.#hire(now);
  }

  #hire(pod: Pod): void {
    const { uid } = idOf(pod);
    const runner = new PodRunner(pod, this.#deps, this.#adopted.get(uid));
    this.#adopted.delete(uid);
    this.#runners.set(uid, runner);
    void this.#refusal(pod).then((refused) => runner.start(refused));
  }

  #forget(uid: string): void {
    const runner = this.#runners.get(uid);
    this.#runners.delete(uid);
    this.#losses.delete(uid);
    runner?.gone().catch((error: unknown) => this.#deps.log.error('A deleted pod was not removed', { error: messageOf(error) }));
  }

  /** The namespace is read only for a pod that asks for something. */
  async #refusal(pod: Pod): Promise<PodFailure | undefined> {
    const found = refusals(pod);
    if (found.length === 0) return undefined;
    const namespace = await this.#deps.client.find(namespaces, idOf(pod).namespace).catch((error: unknown) => {
      if (!hasCode(error, 'NotFound')) this.#deps.log.warn('A namespace was not read', { error: messageOf(error) });
      return undefined;
    });
    if (trusts(namespace?.metadata.labels)) return undefined;
    return { reason: 'Forbidden', message: `This node runs nothing that reaches the host. The pod asks for: ${found.join(', ')}.` };
  }

  /** A pod that lost its network starts anew, and its restart counts. */
  async #rebuild(uid: string): Promise<void> {
    const runner = this.#runners.get(uid);
    if (!runner?.active) return;
    await runner.abandon();
    const losses = this.#losses.get(uid) ?? 0;
    this.#losses.set(uid, losses + 1);
    if (losses > 0) await this.#deps.clock.sleep(backoffDelay(REBUILD, losses - 1));
    // It may have been deleted meanwhile.
    if (this.#runners.get(uid) !== runner) return;
    const { namespace, name } = idOf(runner.pod);
    this.#adopted.set(uid, { uid, namespace, name, ip: '', alive: false, containers: [] });
    this.#deps.events.record(runner.pod, {
      type: 'Normal',
      reason: 'SandboxChanged',
      message: 'The network of the pod was lost; it is started again',
    });
    this.#hire(this.#live.get(name, namespace) ?? runner.pod);
  }

  async #resync(): Promise<void> {
    for (const pod of await this.#deps.runtime.pods()) {
      const runner = this.#runners.get(pod.uid);
      if (!pod.alive) await this.#rebuild(pod.uid);
      else runner?.exited(...pod.containers.filter(({ state }) => state.phase === 'exited'));
    }
  }
}
