import type { ContainerUsage, Runtime } from '@crownlabs/runtime';
import { idOf, type Pod } from './pod.ts';

/** What a pod uses now. CPU is the mean since the sample before; absent for the first. */
export interface PodStats {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerStats[];
}

/** What a container uses now. */
export interface ContainerStats {
  readonly name: string;
  readonly cpuNanoCores: number | undefined;
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
  readonly at: number;
}

/** Measures pods; remembers the last sample of each for the mean. */
export class StatsReader {
  readonly #runtime: Runtime;
  readonly #before = new Map<string, ContainerUsage>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  async read(pods: readonly Pod[]): Promise<readonly PodStats[]> {
    const known = new Set(pods.map((pod) => idOf(pod).uid));
    for (const key of this.#before.keys()) if (!known.has(key.split('/')[0] ?? '')) this.#before.delete(key);
    return Promise.all(pods.map((pod) => this.#pod(pod)));
  }

  async #pod(pod: Pod): Promise<PodStats> {
    const { namespace, name, uid } = idOf(pod);
    // A pod may end while it is being measured.
    const usage = await this.#runtime.usage(uid).catch(() => []);
    return {
      namespace,
      name,
      uid,
      labels: pod.metadata.labels ?? {},
      containers: usage.map((one) => this.#mean(`${uid}/${one.name}`, one)),
    };
  }

  #mean(key: string, now: ContainerUsage): ContainerStats {
    const before = this.#before.get(key);
    this.#before.set(key, now);
    const elapsed = before ? now.at - before.at : 0;
    const spent = before ? now.cpuNanoseconds - before.cpuNanoseconds : 0;
    // Less than before: the container is a new one.
    const cpuNanoCores = elapsed > 0 && spent >= 0 ? Math.round((spent / elapsed) * 1000) : undefined;
    return { ...now, cpuNanoCores };
  }
}
