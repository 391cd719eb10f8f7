import { type KubeClient, pods } from '@crownlabs/client';
import { type Clock, hasCode, type Logger, messageOf } from '@crownlabs/std';
import type { PodStatus } from 'kubernetes-types/core/v1.js';
import { idOf, type Pod } from './pod.ts';

const RETRY_MS = 500;

/**
 * Writes the status of one pod: the latest state only, one write at a time, and none when nothing changed.
 * What changes while a write is under way is one write afterwards.
 */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #read: () => { readonly pod: Pod; readonly status: PodStatus };
  #written = '';
  #dirty = false;
  #busy: Promise<void> | undefined;
  #closed = false;

  constructor(
    deps: { readonly client: KubeClient; readonly clock: Clock; readonly log: Logger },
    read: () => { readonly pod: Pod; readonly status: PodStatus },
  ) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#read = read;
  }

  /** Something changed. Changes of one turn of the event loop are one write. */
  changed(): void {
    this.#dirty = true;
    this.#busy ??= this.#run().finally(() => {
      this.#busy = undefined;
    });
  }

  /** Resolves when everything that changed is written, or cannot be. */
  async settled(): Promise<void> {
    await this.#busy;
  }

  /** No more writes: the pod is gone. */
  close(): void {
    this.#closed = true;
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#dirty && !this.#closed) {
      this.#dirty = false;
      await this.#write();
    }
  }

  async #write(): Promise<void> {
    const { pod, status } = this.#read();
    const text = JSON.stringify(status);
    if (text === this.#written) return;
    const { name, namespace, uid } = idOf(pod);
    try {
      // The uid keeps us from writing to a pod that was made anew under the same name.
      await this.#client.patch(
        pods,
        name,
        namespace,
        { metadata: { uid }, status: withNulls(status, pod.status) },
        { subresource: 'status' },
      );
      this.#written = text;
    } catch (error) {
      if (hasCode(error, 'NotFound', 'Conflict', 'Invalid')) {
        this.#log.debug('A pod status was not written', { error: messageOf(error) });
        return;
      }
      this.#log.warn('A pod status will be written again', { error: messageOf(error) });
      this.#dirty = true;
      await this.#clock.sleep(RETRY_MS);
    }
  }
}

/** A merge patch removes only what it names: fields that were there and are no more. */
function withNulls(status: PodStatus, before: PodStatus | undefined): Record<string, unknown> {
  const gone = ['reason', 'message', 'podIP', 'podIPs'] as const;
  const nulls = gone.filter((field) => before?.[field] !== undefined && status[field] === undefined).map((field) => [field, null]);
  return { ...Object.fromEntries(nulls), ...status };
}
