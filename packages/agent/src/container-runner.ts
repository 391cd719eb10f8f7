import type { ContainerInfo, ContainerState } from '@crownlabs/runtime';
import { backoffDelay, messageOf } from '@crownlabs/std';
import type { Probe } from 'kubernetes-types/core/v1.js';
import { containerSpec } from './container-spec.ts';
import type { ContainerPhase, ContainerView, Ended } from './container-view.ts';
import type { NodeDeps } from './deps.ts';
import { ensureImage } from './ensure-image.ts';
import type { ImageTrouble } from './image-trouble.ts';
import { lastWords } from './last-words.ts';
import { type Container, idOf, type Pod, specOf } from './pod.ts';
import { probeOnce } from './probe.ts';
import { probeLoop } from './prober.ts';
import { type References, references } from './references.ts';
import type { PodVolumes } from './volumes/pod-volumes.ts';

/** What a container knows of its pod. */
export interface PodSurroundings {
  pod(): Pod;
  readonly volumes: PodVolumes;
  /** The pod's address, known once its sandbox is there. */
  ip(): string;
  /** The container's view has changed. */
  changed(): void;
}

/** What was there before this process. */
export interface Inheritance {
  /** Its newest container in the runtime. */
  readonly container: ContainerInfo | undefined;
  readonly restarts: number;
  readonly last: Ended | undefined;
  readonly ready: boolean;
}

// The first restart is immediate; from then on ten seconds, doubling up to five minutes, forgotten after ten good minutes.
const RESTART = { baseMs: 10_000, capMs: 300_000 };
const GOOD_RUN_MS = 600_000;
const IMAGE = { baseMs: 2_000, capMs: 60_000 };
const CONFIG = { baseMs: 1_000, capMs: 30_000 };

/** Keeps one container of a pod as its spec and restart policy want it. */
export class ContainerRunner {
  readonly name: string;
  readonly #container: Container;
  readonly #deps: NodeDeps;
  readonly #around: PodSurroundings;
  readonly #exits = new Map<string, PromiseWithResolvers<ContainerState>>();
  #phase: ContainerPhase = { kind: 'waiting', reason: 'PodInitializing' };
  #last: Ended | undefined;
  #restarts = 0;
  #attempt = 0;
  #crashes = 0;
  #ready = false;
  #started = false;
  #imageId = '';
  #inherited: ContainerInfo | undefined;
  #previousId: string | undefined;
  #killing: { readonly reason: string } | undefined;

  constructor(container: Container, deps: NodeDeps, around: PodSurroundings, before: Inheritance) {
    this.name = container.name;
    this.#container = container;
    this.#deps = deps;
    this.#around = around;
    this.#inherited = before.container;
    this.#restarts = before.restarts;
    this.#last = before.last;
    this.#attempt = before.container?.attempt ?? before.restarts;
    // A container that was ready stays so until a probe says otherwise: our restart is no reason to close a desktop.
    this.#ready = before.ready && before.container?.state.phase === 'running';
    this.#show(before.container);
  }

  /** Begins with the view of what is there already. */
  #show(container: ContainerInfo | undefined): void {
    if (!container) return;
    const { id, state } = container;
    if (state.phase === 'running') this.#running(container, state.startedAt);
    if (state.phase !== 'exited') return;
    this.#phase = { kind: 'ended', ...endOf(id, state) };
    this.#ready = state.exitCode === 0;
  }

  /** As the pod's status shows it. */
  get view(): ContainerView {
    return {
      name: this.name,
      image: this.#container.image ?? '',
      imageId: this.#imageId,
      phase: this.#phase,
      last: this.#last,
      restarts: this.#restarts,
      ready: this.#ready,
      started: this.#started,
    };
  }

  /** The id of the container, or of the one before it. */
  id(previous = false): string | undefined {
    if (previous) return this.#previousId;
    return this.#phase.kind === 'waiting' ? this.#last?.id : this.#phase.id;
  }

  /** The runtime says that a container of this name ended. */
  exited({ id, state }: ContainerInfo): void {
    this.#exits.get(id)?.resolve(state);
  }

  /** Runs an init container until it has succeeded. False when it failed and is not to be tried again. */
  async runToSuccess(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      const ended = await this.#once(signal, true);
      if (ended.exitCode === 0) {
        this.#ready = true;
        this.#around.changed();
        return true;
      }
      if (specOf(this.#around.pod()).restartPolicy === 'Never') return false;
      await this.#backOff(ended, signal);
    }
  }

  /** Runs the container for as long as its pod's restart policy wants; resolves when it is over for good. */
  async keepRunning(signal: AbortSignal): Promise<void> {
    for (;;) {
      const ended = await this.#once(signal, false);
      const { restartPolicy = 'Always' } = specOf(this.#around.pod());
      if (restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && ended.exitCode === 0)) return;
      await this.#backOff(ended, signal);
    }
  }

  /** Ends the container, if it runs. */
  async stop(graceMs: number): Promise<void> {
    if (this.#phase.kind !== 'running') return;
    const { id } = this.#phase;
    await this.#deps.runtime.stopContainer(id, graceMs);
  }

  /** Fixes the view when nobody waits for the end any more. */
  conclude(state: ContainerState): void {
    if (this.#phase.kind === 'running' && state.phase === 'exited') this.#end(this.#phase.id, state);
  }

  /** Starts it, or takes over what runs already, and waits for its end. */
  async #once(signal: AbortSignal, brief: boolean): Promise<Ended> {
    const info = this.#takeInherited() ?? (await this.#start(signal));
    if (info.state.phase === 'exited') return this.#end(info.id, info.state, await this.#lastWords(info.id, info.state));
    const exit = Promise.withResolvers<ContainerState>();
    this.#exits.set(info.id, exit);
    this.#running(info, info.state.phase === 'running' ? info.state.startedAt : this.#deps.clock.now());
    const probing = new AbortController();
    const whileRunning = AbortSignal.any([signal, probing.signal]);
    this.#probe(info.id, whileRunning);
    // What is brief is waited for, because the engine's event may come a quarter of a second late.
    if (brief) this.#deps.runtime.waitContainer(info.id, signal).then(exit.resolve, () => undefined);
    try {
      const state = await abortable(exit.promise, signal);
      if (state.phase !== 'exited') throw new Error('a container that ended has no end');
      return this.#end(info.id, state, await this.#lastWords(info.id, state));
    } finally {
      this.#exits.delete(info.id);
      probing.abort();
    }
  }

  #takeInherited(): ContainerInfo | undefined {
    const inherited = this.#inherited;
    this.#inherited = undefined;
    // One that was created and never started is not worth anything.
    return inherited?.state.phase === 'created' ? undefined : inherited;
  }

  async #start(signal: AbortSignal): Promise<ContainerInfo> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#tryStart(signal);
      } catch (error) {
        signal.throwIfAborted();
        const reason = error instanceof ConfigProblem ? 'CreateContainerConfigError' : 'CreateContainerError';
        this.#waiting(reason, messageOf(error));
        this.#warn('Failed', `Error: ${messageOf(error)}`);
        await this.#deps.clock.sleep(backoffDelay(CONFIG, failures), signal);
      }
    }
  }

  async #tryStart(signal: AbortSignal): Promise<ContainerInfo> {
    const pod = this.#around.pod();
    const { runtime, events } = this.#deps;
    const image = await this.#image(signal);
    this.#imageId = image.id;
    const spec = await containerSpec(this.#container, {
      pod,
      image,
      attempt: this.#attempt,
      volumes: this.#around.volumes,
      node: this.#deps.node,
      references: this.#references(),
      podIp: this.#around.ip(),
      hostIp: this.#deps.hostIp,
      devices: this.#deps.devices,
    }).catch((error: unknown) => {
      throw new ConfigProblem(messageOf(error), { cause: error });
    });
    const started = await runtime.startContainer(idOf(pod).uid, spec, signal);
    events.record(pod, { type: 'Normal', reason: 'Started', message: `Started container ${this.name}` });
    return started;
  }

  #references(): References {
    return references(this.#deps.client, idOf(this.#around.pod()).namespace);
  }

  async #image(signal: AbortSignal) {
    for (let failures = 0; ; failures++) {
      const found = await ensureImage(this.#deps, this.#around.pod(), this.#container, signal);
      if ('id' in found) return found;
      this.#waiting(found.reason, found.message);
      await this.#deps.images.next(backoffDelay(IMAGE, failures), signal);
    }
  }

  #probe(id: string, signal: AbortSignal): void {
    const { startupProbe, readinessProbe, livenessProbe } = this.#container;
    const afterStartup = () => {
      this.#started = true;
      if (!readinessProbe) this.#ready = true;
      this.#around.changed();
      if (readinessProbe) this.#follow(readinessProbe, id, { eager: true, signal, verdict: (good, why) => this.#setReady(good, why) });
      if (livenessProbe)
        this.#follow(livenessProbe, id, { eager: false, signal, verdict: (good, why) => this.#judge(good, 'Liveness', id, why) });
    };
    if (!startupProbe) {
      afterStartup();
      return;
    }
    const verdict = (good: boolean, why: string) => (good ? !this.#started && afterStartup() : this.#judge(good, 'Startup', id, why));
    this.#follow(startupProbe, id, { eager: true, signal, verdict });
  }

  #follow(
    probe: Probe,
    containerId: string,
    options: { eager: boolean; signal: AbortSignal; verdict: (good: boolean, why: string) => void },
  ): void {
    const { clock, runtime, crowd } = this.#deps;
    const podUid = idOf(this.#around.pod()).uid;
    const target = { runtime, podUid, containerId, container: this.#container };
    const ask = (signal: AbortSignal) => probeOnce(probe, target, signal);
    probeLoop({ clock, probe, crowd, eager: options.eager, ask, verdict: options.verdict }, options.signal).catch((error: unknown) => {
      if (!options.signal.aborted) this.#deps.log.error('A probe ended', { container: this.name, error: messageOf(error) });
    });
  }

  #setReady(ready: boolean, why: string): void {
    this.#ready = ready;
    if (!ready) this.#warn('Unhealthy', `Readiness probe failed: ${why}`);
    this.#around.changed();
  }

  /** A container that is not well is ended; what follows is the restart policy's. */
  #judge(good: boolean, kind: string, id: string, why: string): void {
    if (good) return;
    this.#killing = { reason: `${kind} probe failed` };
    this.#warn('Unhealthy', `${kind} probe failed: ${why}`);
    const pod = this.#around.pod();
    this.#deps.events.record(pod, {
      type: 'Normal',
      reason: 'Killing',
      message: `Container ${this.name} failed its ${kind.toLowerCase()} probe and is restarted`,
    });
    const grace = (specOf(pod).terminationGracePeriodSeconds ?? 30) * 1000;
    this.#deps.runtime.stopContainer(id, grace).catch((error: unknown) => this.#warn('FailedKillContainer', messageOf(error)));
  }

  async #backOff(ended: Ended, signal: AbortSignal): Promise<void> {
    if (ended.finishedAt - ended.startedAt >= GOOD_RUN_MS) this.#crashes = 0;
    const before = this.#previousId;
    this.#previousId = ended.id;
    if (before) await this.#deps.runtime.removeContainer(before);
    this.#last = ended;
    this.#restarts++;
    this.#attempt++;
    const crash = this.#crashes++;
    if (crash === 0) return;
    const delay = Math.min(RESTART.capMs, RESTART.baseMs * 2 ** (crash - 1));
    this.#waiting('CrashLoopBackOff', `back-off ${Math.round(delay / 1000)}s restarting failed container ${this.name}`);
    this.#warn('BackOff', `Back-off restarting failed container ${this.name}`);
    await this.#deps.clock.sleep(delay, signal);
  }

  #running(info: ContainerInfo, startedAt: number): void {
    this.#imageId ||= info.imageId;
    this.#phase = { kind: 'running', startedAt, id: info.id };
    this.#started ||= !this.#container.startupProbe;
    this.#around.changed();
  }

  #lastWords(id: string, state: ContainerState): Promise<string | undefined> {
    return lastWords(this.#deps.runtime, this.#container, id, state);
  }

  #end(id: string, state: ContainerState & { phase: 'exited' }, words?: string): Ended {
    const message = this.#killing?.reason ?? words;
    this.#killing = undefined;
    const ended: Ended = { ...endOf(id, state), ...(message === undefined ? {} : { message }) };
    this.#phase = { kind: 'ended', ...ended };
    this.#ready = false;
    this.#started = false;
    this.#around.changed();
    return ended;
  }

  /** What the pod needs before any of its containers is not there; nothing once it is. */
  hold(trouble: ImageTrouble | undefined): void {
    if (this.#phase.kind === 'waiting') this.#phase = { kind: 'waiting', ...(trouble ?? { reason: 'PodInitializing' }) };
  }

  #waiting(reason: string, message: string): void {
    this.#phase = { kind: 'waiting', reason, message };
    this.#ready = false;
    this.#around.changed();
  }

  #warn(reason: string, message: string): void {
    this.#deps.events.record(this.#around.pod(), { type: 'Warning', reason, message });
  }
}

function endOf(id: string, { exitCode, startedAt, finishedAt, outOfMemory }: ContainerState & { phase: 'exited' }): Ended {
  const reason = outOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
  return { exitCode, reason, startedAt, finishedAt, id };
}

/** Something that a container refers to is not there, or not allowed. */
class ConfigProblem extends Error {}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
