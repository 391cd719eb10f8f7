import type { PodStats } from '@crownlabs/agent';
import type { Clock } from '@crownlabs/std';

/** Where the figures come from: the node of this machine. */
export interface MetricsSource {
  readonly nodeName: string;
  nodeLabels(): Promise<Readonly<Record<string, string>>>;
  podStats(): Promise<readonly PodStats[]>;
  machine(): MachineUsage;
}

/** What the machine as a whole has spent and holds. */
export interface MachineUsage {
  readonly cpuNanoseconds: number;
  readonly memoryBytes: number;
}

/** What was used, as a mean over the time since the sample before. */
export interface Sample {
  readonly at: number;
  readonly windowMs: number;
  readonly pods: readonly PodStats[];
  readonly node: { readonly cpuNanoCores: number; readonly memoryBytes: number };
}

// As often as metrics-server scrapes.
const FRESH_MS = 15_000;
// A mean over more than this says little of now: then measuring begins anew.
const LONGEST_MS = 60_000;
const FIRST_MS = 1_000;

/** Measures when it is asked, and not more often than figures are worth: idle machines do not count themselves. */
export class Sampler {
  readonly #clock: Clock;
  #base: { at: number; machine: MachineUsage } | undefined;
  #last: Sample | undefined;
  #running: Promise<Sample> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The latest figures; who asks while others wait gets what they get. */
  read(source: MetricsSource): Promise<Sample> {
    if (this.#last && this.#clock.now() - this.#last.at < FRESH_MS) return Promise.resolve(this.#last);
    this.#running ??= this.#sample(source).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #sample(source: MetricsSource): Promise<Sample> {
    const known = this.#base;
    const base = known && this.#clock.now() - known.at < LONGEST_MS ? known : await this.#begin(source);
    const pods = await source.podStats();
    const machine = source.machine();
    const at = this.#clock.now();
    this.#base = { at, machine };
    const windowMs = Math.max(1, at - base.at);
    const cpuNanoCores = Math.max(0, ((machine.cpuNanoseconds - base.machine.cpuNanoseconds) / windowMs) * 1000);
    this.#last = { at, windowMs, pods, node: { cpuNanoCores, memoryBytes: machine.memoryBytes } };
    return this.#last;
  }

  async #begin(source: MetricsSource): Promise<{ at: number; machine: MachineUsage }> {
    await source.podStats();
    const begun = { at: this.#clock.now(), machine: source.machine() };
    await this.#clock.sleep(FIRST_MS);
    return begun;
  }
}
