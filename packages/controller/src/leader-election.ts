import { type Kube, type KubeClient, leases } from '@crownlabs/client';
import { type Clock, hasCode, type Logger, messageOf, silent, systemClock } from '@crownlabs/std';
import type { Lease } from 'kubernetes-types/coordination/v1.js';

/** How processes of the same role agree on who works. */
export interface LeaderElectionOptions {
  readonly client: KubeClient;
  /** Where the Lease is and how it is called. */
  readonly namespace: string;
  readonly name: string;
  /** Who we are, unique among the candidates. */
  readonly identity: string;
  readonly leaseSeconds?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Waits until the Lease is ours, then runs `work`; its signal aborts when the Lease is lost or `signal` aborts. Lost leadership rejects,
 * so that the process may end and start afresh. At most one `work` runs at a time as long as clocks advance alike.
 */
export async function leading(
  options: LeaderElectionOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const candidate = new Candidate(options);
  await candidate.acquire(signal);
  const lost = new AbortController();
  const term = AbortSignal.any([signal, lost.signal]);
  const kept = candidate.keep(term).catch((error: unknown) => lost.abort(error));
  try {
    await work(term);
  } finally {
    lost.abort();
    await kept;
    await candidate.release();
  }
  if (!signal.aborted) lost.signal.throwIfAborted();
}

class Candidate {
  readonly #options: LeaderElectionOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ttlMs: number;
  // The holder's clock may differ from ours, so a Lease is stale when *we* have seen it unchanged for its whole life.
  #seen: { version: string; at: number } | undefined;
  #lease: Kube<Lease> | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? silent;
    this.#ttlMs = (options.leaseSeconds ?? 15) * 1000;
  }

  async acquire(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        if (await this.#tryOnce()) break;
      } catch (error) {
        this.#log.warn('Leader election failed and is tried again', { error: messageOf(error) });
      }
      await this.#clock.sleep(this.#ttlMs / 6, signal);
    }
    this.#log.info('Leadership was acquired', { lease: this.#options.name });
  }

  /** Renews until the signal aborts; throws when the Lease is another's or could not be renewed for two thirds of its life. */
  async keep(signal: AbortSignal): Promise<void> {
    let renewed = this.#clock.now();
    while (!signal.aborted) {
      await this.#clock.sleep(this.#ttlMs / 5, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#write();
        renewed = this.#clock.now();
      } catch (error) {
        if (hasCode(error, 'Conflict', 'NotFound') || this.#clock.now() - renewed > (this.#ttlMs * 2) / 3) throw error;
      }
    }
  }

  async release(): Promise<void> {
    const lease = this.#lease;
    if (!lease) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    await this.#options.client.replace(leases, { ...lease, spec }).catch(() => undefined);
  }

  async #tryOnce(): Promise<boolean> {
    const { client, namespace, name, identity } = this.#options;
    const lease = await client.find(leases, name, namespace);
    if (!lease) {
      const made = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec: this.#spec(0) };
      this.#lease = await client.create(leases, made);
      return true;
    }
    const holder = lease.spec?.holderIdentity ?? '';
    if (holder !== '' && holder !== identity && !this.#isStale(lease)) return false;
    this.#lease = await client.replace(leases, { ...lease, spec: this.#spec((lease.spec?.leaseTransitions ?? 0) + 1) });
    return true;
  }

  async #write(): Promise<void> {
    if (!this.#lease) return;
    const spec = { ...this.#lease.spec, renewTime: this.#now() };
    this.#lease = await this.#options.client.replace(leases, { ...this.#lease, spec });
  }

  #isStale(lease: Kube<Lease>): boolean {
    const version = lease.metadata.resourceVersion ?? '';
    if (this.#seen?.version !== version) this.#seen = { version, at: this.#clock.now() };
    return this.#clock.now() - this.#seen.at > (lease.spec?.leaseDurationSeconds ?? 15) * 1000;
  }

  #spec(leaseTransitions: number) {
    const now = this.#now();
    const leaseDurationSeconds = Math.max(1, Math.round(this.#ttlMs / 1000));
    return { holderIdentity: this.#options.identity, leaseDurationSeconds, acquireTime: now, renewTime: now, leaseTransitions };
  }

  /** MicroTime, as Leases write it. */
  #now(): string {
    return new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
  }
}
