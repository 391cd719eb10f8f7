import { type Informer, informer, type KubeClient, type KubeObject, type Resource } from '@crownlabs/client';
import type { Clock, Logger } from '@crownlabs/std';

/** One informer a kind, shared by all subscribers, started when the first of them comes. */
export class SharedFeeds {
  readonly #client: KubeClient;
  readonly #options: { clock: Clock; log: Logger };
  readonly #signal: AbortSignal;
  readonly #informers = new Map<string, Informer<KubeObject>>();

  constructor(client: KubeClient, options: { clock: Clock; log: Logger }, signal: AbortSignal) {
    this.#client = client;
    this.#options = options;
    this.#signal = signal;
  }

  of(resource: Resource): Informer<KubeObject> {
    const key = `${resource.group}/${resource.version}/${resource.plural}`;
    const known = this.#informers.get(key);
    if (known) return known;
    const started = informer(this.#client, resource, this.#options, this.#signal);
    this.#informers.set(key, started);
    return started;
  }
}
