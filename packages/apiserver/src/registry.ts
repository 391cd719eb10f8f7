import type { ResourceInfo } from './resource.ts';

/** Which resources the API serves now. Discovery, OpenAPI, routing and webhook matching read it; CRDs change it. */
export interface Registry {
  find(group: string, version: string, plural: string): ResourceInfo | undefined;
  /** By kind, in any served version when `version` is absent. */
  byKind(group: string, kind: string, version?: string): ResourceInfo | undefined;
  /** Everything served, in discovery order: core, built-in groups, custom groups. */
  all(): readonly ResourceInfo[];
  /** Versions of one resource, preferred first. */
  versions(group: string, plural: string): readonly ResourceInfo[];
  /** Grows by one with each change: a key for caches of derived documents. */
  readonly generation: number;
  onChange(listener: () => void): () => void;
  /** Serves `resources` under `owner` in place of what that owner had before. An empty list takes them away. */
  set(owner: string, resources: readonly ResourceInfo[]): void;
}

/** An empty registry. */
export function createRegistry(): Registry {
  return new ResourceTable();
}

class ResourceTable implements Registry {
  readonly #owners = new Map<string, readonly ResourceInfo[]>();
  readonly #listeners = new Set<() => void>();
  #served = new Map<string, ResourceInfo>();
  #versions = new Map<string, ResourceInfo[]>();
  #all: readonly ResourceInfo[] = [];
  #generation = 0;

  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, plural: string): ResourceInfo | undefined {
    return this.#served.get(`${group}/${version}/${plural}`);
  }

  byKind(group: string, kind: string, version?: string): ResourceInfo | undefined {
    return this.#all.find((one) => one.group === group && one.kind === kind && (version === undefined || one.version === version));
  }

  all(): readonly ResourceInfo[] {
    return this.#all;
  }

  versions(group: string, plural: string): readonly ResourceInfo[] {
    return this.#versions.get(`${group}/${plural}`) ?? [];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  set(owner: string, resources: readonly ResourceInfo[]): void {
    if (resources.length > 0) this.#owners.set(owner, resources);
    else this.#owners.delete(owner);
    this.#all = [...this.#owners.values()].flat();
    this.#served = new Map();
    this.#versions = new Map();
    // A built-in resource comes first and is never shadowed by a custom one.
    for (const one of this.#all) {
      const key = `${one.group}/${one.version}/${one.plural}`;
      if (this.#served.has(key)) continue;
      this.#served.set(key, one);
      const versions = this.#versions.get(`${one.group}/${one.plural}`);
      if (versions) versions.push(one);
      else this.#versions.set(`${one.group}/${one.plural}`, [one]);
    }
    this.#generation += 1;
    for (const listener of this.#listeners) listener();
  }
}
