import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1.js';
import { customResourceDefinitions } from './built-in.ts';
import type { Informer, InformerOptions, KubeClient } from './client.ts';
import { informer } from './informer.ts';
import type { Kube, KubeObject, Resource } from './object.ts';

/** A live copy of a kind that may not be installed: empty, and in step, until its definition is there; empty again when that goes. */
export interface OptionalInformer<T extends KubeObject> extends Informer<T> {
  /** Whether the API serves the kind now. */
  readonly installed: boolean;
  /** Called when the kind came, after its objects are known, or went. Returns the way to stop. */
  onInstalled(listener: (installed: boolean) => void): () => void;
}

type Definition = Kube<CustomResourceDefinition>;
type Listener<T> = (now: T | undefined, before: T | undefined) => void;

/** Follows a kind that is defined by a CustomResourceDefinition, whenever that is there. Runs until `signal` aborts. */
export function optionalInformer<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: InformerOptions<T>,
  signal: AbortSignal,
): OptionalInformer<T> {
  return new FollowedKind(client, resource, options, signal);
}

class FollowedKind<T extends KubeObject> implements OptionalInformer<T> {
  readonly #open: (signal: AbortSignal) => Informer<T>;
  readonly #definitions: Informer<Definition>;
  readonly #listeners = new Set<Listener<T>>();
  readonly #told = new Set<(installed: boolean) => void>();
  readonly #version: string;
  #current: { objects: Informer<T>; close: AbortController } | undefined;

  constructor(client: KubeClient, resource: Resource<T>, options: InformerOptions<T>, signal: AbortSignal) {
    const { clock, log } = options;
    this.#version = resource.version;
    this.#open = (until) => informer(client, resource, options, AbortSignal.any([signal, until]));
    const named = {
      fieldSelector: `metadata.name=${resource.plural}.${resource.group}`,
      ...(clock ? { clock } : {}),
      ...(log ? { log } : {}),
    };
    this.#definitions = informer(client, customResourceDefinitions, named, signal);
    this.#definitions.onChange((now) => this.#follow(now));
  }

  get installed(): boolean {
    return this.#current !== undefined;
  }

  get hasSynced(): boolean {
    return this.#definitions.hasSynced && (this.#current?.objects.hasSynced ?? true);
  }

  async synced(signal?: AbortSignal): Promise<void> {
    await this.#definitions.synced(signal);
    await this.#current?.objects.synced(signal);
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#current?.objects.get(name, namespace);
  }

  list(): readonly T[] {
    return this.#current?.objects.list() ?? [];
  }

  byIndex(index: string, value: string): readonly T[] {
    return this.#current?.objects.byIndex(index, value) ?? [];
  }

  onChange(listener: Listener<T>): () => void {
    this.#listeners.add(listener);
    for (const object of this.list()) listener(object, undefined);
    return () => this.#listeners.delete(listener);
  }

  onInstalled(listener: (installed: boolean) => void): () => void {
    this.#told.add(listener);
    return () => this.#told.delete(listener);
  }

  #follow(definition: Definition | undefined): void {
    const served = definition !== undefined && isServed(definition, this.#version);
    if (served === this.installed) return;
    if (served) this.#begin();
    else this.#end();
  }

  #begin(): void {
    const close = new AbortController();
    const objects = this.#open(close.signal);
    this.#current = { objects, close };
    objects.onChange((now, before) => {
      if (!close.signal.aborted) for (const listener of this.#listeners) listener(now, before);
    });
    objects.synced(close.signal).then(
      () => this.#announce(true),
      () => undefined,
    );
  }

  #end(): void {
    const gone = this.#current;
    this.#current = undefined;
    gone?.close.abort();
    for (const object of gone?.objects.list() ?? []) for (const listener of this.#listeners) listener(undefined, object);
    this.#announce(false);
  }

  #announce(installed: boolean): void {
    for (const listener of this.#told) listener(installed);
  }
}

function isServed({ metadata, spec, status }: Definition, version: string): boolean {
  if (metadata.deletionTimestamp !== undefined) return false;
  const established = status?.conditions?.some((it) => it.type === 'Established' && it.status === 'True') === true;
  return established && (spec?.versions ?? []).some((it) => it.name === version && it.served);
}
