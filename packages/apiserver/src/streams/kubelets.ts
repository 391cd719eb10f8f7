import type { Kubelet } from '../kubelet.ts';

/** Which kubelet serves which node. */
export class Kubelets {
  readonly #byNode = new Map<string, Kubelet>();

  /** Returns the way to take it back. */
  register(nodeName: string, kubelet: Kubelet): () => void {
    this.#byNode.set(nodeName, kubelet);
    return () => {
      if (this.#byNode.get(nodeName) === kubelet) this.#byNode.delete(nodeName);
    };
  }

  find(nodeName: string): Kubelet | undefined {
    return this.#byNode.get(nodeName);
  }
}
