import { networkAttachments, pods } from '@crownlabs/client';
import type { ContainerInfo, PodInfo } from '@crownlabs/runtime';
import { backoffDelay, hasCode, type Logger, messageOf } from '@crownlabs/std';
import { ContainerRunner } from './container-runner.ts';
import type { NodeDeps } from './deps.ts';
import { inheritanceOf } from './inheritance.ts';
import { graceMs, idOf, initContainersOf, isFinished, type Pod, specOf } from './pod.ts';
import { type PodFailure, podStatus } from './pod-status.ts';
import { references } from './references.ts';
import { segmentsOf } from './segments.ts';
import { requestToken } from './service-account-token.ts';
import { StatusWriter } from './status-writer.ts';
import { type ContentContext, hasToken } from './volumes/content.ts';
import { PodVolumes } from './volumes/pod-volumes.ts';

const RETRY = { baseMs: 500, capMs: 30_000 };
const RENEW_TOKENS_MS = 40 * 60_000;
const DELETE = { baseMs: 200, capMs: 30_000 };

/** One pod from its binding to its end. */
export class PodRunner {
  readonly #deps: NodeDeps;
  readonly #log: Logger;
  readonly #volumes: PodVolumes;
  readonly #status: StatusWriter;
  readonly #work = new AbortController();
  readonly #initContainers: readonly ContainerRunner[];
  readonly #containers: readonly ContainerRunner[];
  readonly #startedAt: number;
  #pod: Pod;
  #ip: string | undefined;
  #initialized: boolean;
  #failure: PodFailure | undefined;
  #running: Promise<void> | undefined;
  #ending = false;
  #adopted: PodInfo | undefined;

  constructor(pod: Pod, deps: NodeDeps, adopted: PodInfo | undefined) {
    this.#pod = pod;
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#log = deps.log.child({ pod: `${idOf(pod).namespace}/${idOf(pod).name}` });
    this.#volumes = new PodVolumes(deps.client, deps.places, deps.imageVolumes);
    this.#status = new StatusWriter({ ...deps, log: this.#log }, () => ({ pod: this.#pod, status: this.#present() }));
    this.#adopted = adopted?.alive ? adopted : undefined;
    this.#ip = this.#adopted?.ip;
    const around = { pod: () => this.#pod, volumes: this.#volumes, ip: () => this.#ip ?? '', changed: () => this.#status.changed() };
    const before = (container: { name: string }) => inheritanceOf(pod, container.name, adopted);
    this.#initContainers = initContainersOf(pod).map((it) => new ContainerRunner(it, deps, around, before(it)));
    this.#containers = specOf(pod).containers.map((it) => new ContainerRunner(it, deps, around, before(it)));
    this.#initialized = this.#initContainers.length === 0 || this.#hasMain(this.#adopted);
  }

  /** Begins. */
  start(refused: PodFailure | undefined): void {
    if (this.#pod.metadata.deletionTimestamp !== undefined) {
      this.#end();
      return;
    }
    if (isFinished(this.#pod)) return;
    if (refused) {
      this.fail(refused);
      return;
    }
    this.#running = this.#run(this.#work.signal).catch((error: unknown) => {
      if (!this.#work.signal.aborted) this.#log.error('A pod was given up', { error: messageOf(error) });
    });
  }

  /** The pod's object has changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) this.#end();
  }

  /** The pod's object is gone: nothing of it may stay. Resolves when nothing does. */
  async gone(): Promise<void> {
    this.#status.close();
    this.#work.abort();
    await this.#running;
    await this.#clean();
  }

  /** Leaves the pod to another runner, because its network is lost. */
  async abandon(): Promise<void> {
    this.#status.close();
    this.#work.abort();
    await this.#running;
  }

  /** Containers of the pod ended. */
  exited(...containers: readonly ContainerInfo[]): void {
    for (const container of containers) this.container(container.name)?.exited(container);
  }

  /** Ends the pod's containers and calls it failed: refused, evicted. */
  fail(failure: PodFailure): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#deps.events.record(this.#pod, { type: 'Warning', reason: failure.reason, message: failure.message });
    this.#work.abort();
    this.#status.changed();
    void this.#stopAll(graceMs(this.#pod))
      .then(() => this.#conclude())
      .then(
        () => this.#status.changed(),
        (error: unknown) => this.#log.warn('A failed pod was not looked at', { error: messageOf(error) }),
      );
  }

  /** The container of that name; without a name, the first. */
  container(name: string): ContainerRunner | undefined {
    return [...this.#containers, ...this.#initContainers].find((runner) => runner.name === name);
  }

  /** Ids of the pod's containers in the runtime. */
  get containerIds(): readonly string[] {
    return [...this.#containers, ...this.#initContainers].flatMap((runner) => runner.id() ?? []);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Whether something of the pod may run. */
  get active(): boolean {
    return this.#running !== undefined && !this.#work.signal.aborted;
  }

  async #run(signal: AbortSignal): Promise<void> {
    this.#deadline(signal);
    await this.#prepare(signal);
    for (const runner of this.#initialized ? [] : this.#initContainers) {
      if (await runner.runToSuccess(signal)) continue;
      this.#status.changed();
      return;
    }
    this.#initialized = true;
    this.#renewTokens(signal);
    await Promise.all(this.#containers.map((runner) => runner.keepRunning(signal)));
    this.#status.changed();
  }

  /** Volumes and sandbox at the same time; both again until they work. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const sandbox = this.#again('FailedCreatePodSandBox', signal, async () => {
      const { runtime, client } = this.#deps;
      const { namespace, name, uid } = idOf(this.#pod);
      const hostname = (specOf(this.#pod).hostname ?? name).slice(0, 63);
      // What lost its network is no pod any more.
      if (!this.#adopted) await runtime.removePod(uid);
      // What runs is on its networks already, and stays there whatever became of them.
      const segments = this.#adopted ? [] : await segmentsOf(this.#pod, (network) => client.find(networkAttachments, network, namespace));
      const spec = { namespace, name, uid, hostname, ...(segments.length > 0 ? { segments } : {}) };
      this.#ip = (await runtime.createPod(spec, signal)).ip;
    });
    const volumes = async () => {
      if (needsAddress(this.#pod)) await sandbox;
      await this.#again('FailedMount', signal, () => this.#prepareVolumes(signal));
    };
    await Promise.all([sandbox, volumes()]);
  }

  /** An image that is mounted and cannot be had is told as one that a container would run. */
  async #prepareVolumes(signal: AbortSignal): Promise<void> {
    try {
      await this.#volumes.prepare(this.#pod, this.#content(), signal);
    } finally {
      for (const runner of [...this.#initContainers, ...this.#containers]) runner.hold(this.#volumes.imageTrouble);
    }
  }

  async #again(reason: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        await work();
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#deps.events.record(this.#pod, { type: 'Warning', reason, message: messageOf(error) });
        this.#status.changed();
        await this.#deps.clock.sleep(backoffDelay(RETRY, failures), signal);
      }
    }
  }

  #content(): ContentContext {
    const { client, node, hostIp } = this.#deps;
    const { namespace } = idOf(this.#pod);
    return {
      pod: this.#pod,
      node,
      hostIp,
      podIp: this.#ip ?? '',
      references: references(client, namespace),
      token: (audience, expirationSeconds) => requestToken(client, this.#pod, audience, expirationSeconds),
    };
  }

  #renewTokens(signal: AbortSignal): void {
    if (!specOf(this.#pod).volumes?.some(hasToken)) return;
    void (async () => {
      while (!signal.aborted) {
        await this.#deps.clock.sleep(RENEW_TOKENS_MS, signal);
        await this.#again('FailedMount', signal, () => this.#volumes.renewTokens(this.#pod, this.#content()));
      }
    })().catch(() => undefined);
  }

  #deadline(signal: AbortSignal): void {
    const seconds = specOf(this.#pod).activeDeadlineSeconds;
    if (seconds === undefined) return;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#deps.clock.sleep(seconds * 1000, signal).then(
      () => this.fail({ reason: 'DeadlineExceeded', message }),
      () => undefined,
    );
  }

  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#terminate().catch((error: unknown) => {
      this.#ending = false;
      this.#log.error('A pod was not ended', { error: messageOf(error) });
    });
  }

  async #terminate(): Promise<void> {
    const started = this.#running !== undefined;
    this.#work.abort();
    await this.#running;
    if (started) this.#deps.events.record(this.#pod, { type: 'Normal', reason: 'Killing', message: 'Stopping the containers of the pod' });
    const awaited = Boolean(this.#pod.metadata.finalizers?.length);
    await this.#stopAll(graceMs(this.#pod));
    if (awaited) await this.#conclude();
    await this.#clean();
    // Only who waits for the outcome is told; everybody else is told by the deletion itself.
    if (awaited) {
      this.#failure ??= this.#outcome();
      this.#status.changed();
      await this.#status.settled();
    }
    this.#status.close();
    await this.#delete();
  }

  #outcome(): PodFailure | undefined {
    const failed = this.#containers.some(({ view }) => view.phase.kind !== 'ended' || view.phase.exitCode !== 0);
    return failed ? { reason: 'Terminated', message: 'The pod was deleted while it ran.' } : undefined;
  }

  async #delete(): Promise<void> {
    const { name, namespace, uid } = idOf(this.#pod);
    for (let failures = 0; ; failures++) {
      try {
        await this.#deps.client.delete(pods, name, namespace, { gracePeriodSeconds: 0, uid });
        return;
      } catch (error) {
        if (hasCode(error, 'NotFound', 'Conflict')) return;
        await this.#deps.clock.sleep(backoffDelay(DELETE, failures));
      }
    }
  }

  async #stopAll(grace: number): Promise<void> {
    const stopped = await Promise.allSettled([...this.#initContainers, ...this.#containers].map((runner) => runner.stop(grace)));
    for (const result of stopped)
      if (result.status === 'rejected') this.#log.warn('A container was not stopped', { error: messageOf(result.reason) });
  }

  /** Nobody waits for the ends of containers any more: asks how they were. */
  async #conclude(): Promise<void> {
    const { uid } = idOf(this.#pod);
    const left = (await this.#deps.runtime.pods()).find((pod) => pod.uid === uid);
    for (const { name, state } of left?.containers ?? []) this.container(name)?.conclude(state);
  }

  async #clean(): Promise<void> {
    await this.#deps.runtime.removePod(idOf(this.#pod).uid);
    await this.#volumes
      .remove(this.#pod)
      .catch((error: unknown) => this.#log.error('Volumes of a pod were not removed', { error: messageOf(error) }));
  }

  #present() {
    return podStatus({
      pod: this.#pod,
      initContainers: this.#initContainers.map(({ view }) => view),
      containers: this.#containers.map(({ view }) => view),
      initialized: this.#initialized,
      failure: this.#failure,
      imageMounts: (mounts) => this.#volumes.imageMounts(mounts),
      podIp: this.#ip,
      hostIp: this.#deps.hostIp,
      startedAt: this.#startedAt,
      now: this.#deps.clock.now(),
    });
  }

  #hasMain(adopted: PodInfo | undefined): boolean {
    const names = new Set(specOf(this.#pod).containers.map(({ name }) => name));
    return adopted?.containers.some(({ name }) => names.has(name)) ?? false;
  }
}

/** Whether a volume tells the pod its own address. */
function needsAddress(pod: Pod): boolean {
  return JSON.stringify(specOf(pod).volumes ?? []).includes('status.podIP');
}
