import type { Clock } from '@crownlabs/std';
import type { Kubelet } from '../kubelet.ts';

// A node comes back a second or two after the API it serves; who asks in between is better served by waiting than by a refusal.
const PATIENCE_MS = 5_000;

/** Which kubelet serves which node. */
export class Kubelets {
  readonly #byNode = new Map<string, Kubelet>();
  readonly #waiting = new Set<() => void>();

  /** Returns the way to take it back. */
  register(nodeName: string, kubelet: Kubelet): () => void {
    this.#byNode.set(nodeName, kubelet);
    for (const look of this.#waiting) look();
    return () => {
      if (this.#byNode.get(nodeName) === kubelet) this.#byNode.delete(nodeName);
    };
  }

  find(nodeName: string): Kubelet | undefined {
    return this.#byNode.get(nodeName);
  }

  /** Waits some seconds for a node that is not connected; `undefined` when it does not come, or nobody waits for the answer any more. */
  async expect(nodeName: string, clock: Clock, signal: AbortSignal): Promise<Kubelet | undefined> {
    const enough = new AbortController();
    const look = () => this.#byNode.has(nodeName) && enough.abort();
    this.#waiting.add(look);
    await clock.sleep(PATIENCE_MS, AbortSignal.any([signal, enough.signal])).catch(() => undefined);
    this.#waiting.delete(look);
    return this.find(nodeName);
  }
}
