import type { KubeObject } from '@crownlabs/client';

/** A hand-fed informer. */
export class LiveSet<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(now: T | undefined, before: T | undefined) => void>();

  get(name: string, namespace?: string): T | undefined {
    return this.#objects.get(`${namespace ?? ''}/${name}`);
  }

  onChange(listener: (now: T | undefined, before: T | undefined) => void): () => void {
    this.#listeners.add(listener);
    for (const object of this.#objects.values()) listener(object, undefined);
    return () => this.#listeners.delete(listener);
  }

  put(object: T): void {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const listener of this.#listeners) listener(object, before);
  }

  remove(name: string, namespace?: string): void {
    const key = `${namespace ?? ''}/${name}`;
    const before = this.#objects.get(key);
    this.#objects.delete(key);
    for (const listener of this.#listeners) listener(undefined, before);
  }
}
