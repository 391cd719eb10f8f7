import type { KubeClient } from '@crownlabs/client';
import { leading } from '@crownlabs/controller';
import { type Operators, SYSTEM_NAMESPACE, type WatchingOperators } from '@crownlabs/operators';
import { type Clock, LabError, type Logger } from '@crownlabs/std';
import type { ProgramMetrics } from './metrics.ts';
import type { OperatorsSettings } from './settings.ts';
import type { Webhooks } from './webhooks.ts';

/** The program, once it has begun. */
export interface RunningOperators {
  /** Resolves when this replica leads, its controllers work, and the API asks its webhooks. */
  readonly working: Promise<void>;
  /** Where /metrics, /healthz and /readyz are. */
  readonly metricsPort: number;
  /** Where the API was told to send reviews, by the replica that leads. */
  readonly webhooks: () => string | undefined;
  /** True when this replica leads and nothing is left to do, nor due within `withinMs`. */
  idle(withinMs?: number): boolean;
  /** Resolves at the end; rejects when leadership was lost, so that the process may start afresh. */
  readonly ended: Promise<void>;
}

/** What a replica is made from. */
export interface ReplicaParts {
  readonly client: KubeClient;
  readonly settings: OperatorsSettings;
  readonly identity: string;
  readonly lab: WatchingOperators;
  readonly webhooks: Webhooks | undefined;
  readonly metrics: ProgramMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One of several replicas: all read the lab and answer reviews, one at a time changes it. */
export class Replica {
  readonly #parts: ReplicaParts;
  readonly #working = Promise.withResolvers<void>();
  #operators: Operators | undefined;
  #read = false;

  constructor(parts: ReplicaParts) {
    this.#parts = parts;
    this.#working.promise.catch(() => undefined);
  }

  get working(): Promise<void> {
    return this.#working.promise;
  }

  idle(withinMs?: number): boolean {
    return this.#operators?.idle(withinMs) ?? false;
  }

  unready(): string | undefined {
    if (!this.#read) return 'the lab is being read';
    return this.#parts.webhooks?.serving === false ? 'the webhooks have no certificate yet' : undefined;
  }

  /** Until `signal` aborts, or leadership is lost, or the webhooks cannot be had. */
  async run(signal: AbortSignal): Promise<void> {
    const { lab, webhooks } = this.#parts;
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const parts = [
      lab.ready.then(() => {
        this.#read = true;
      }),
      this.#lead(stop),
      webhooks?.serve(stop) ?? Promise.resolve(),
    ];
    try {
      await Promise.all(parts.map((it) => it.catch((error: unknown) => failed.abort(error))));
    } finally {
      this.#working.reject(new LabError('ServiceUnavailable', 'the operators have ended'));
    }
    if (!signal.aborted) failed.signal.throwIfAborted();
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { client, settings, identity, clock, log } = this.#parts;
    const { enabled, leaseSeconds } = settings.leaderElection;
    if (!enabled) return this.#term(signal);
    const name = settings.operatorSelector === '' ? 'crownlabs-operators' : `crownlabs-operators-${settings.operatorSelector}`;
    await leading({ client, namespace: SYSTEM_NAMESPACE, name, identity, leaseSeconds, clock, log }, (term) => this.#term(term), signal);
  }

  async #term(signal: AbortSignal): Promise<void> {
    const { lab, webhooks, metrics, log } = this.#parts;
    metrics.leading(true);
    await Promise.all([lab.ready, webhooks?.register(signal)]);
    this.#operators = lab.work(signal);
    this.#working.resolve();
    log.info('This replica works', { webhooks: webhooks?.address });
    await this.#operators.stopped;
    metrics.leading(false);
  }
}
