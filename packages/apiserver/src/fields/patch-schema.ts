import { isObject, type Json } from '../json.ts';
import type { Schema } from '../resource.ts';
import type { ValueTypes } from './value-type.ts';

const NO_STRATEGY: ReadonlySet<string> = new Set();

/** What strategic merge asks of a schema node: `x-kubernetes-patch-strategy` and `-merge-key`, and the nodes below. */
export class PatchSchema {
  readonly #types: ValueTypes;
  readonly #node: Schema | undefined;
  // Of every key that is no field: large maps ask for it thousands of times.
  #rest: PatchSchema | undefined;

  constructor(types: ValueTypes, node: Schema | undefined) {
    this.#types = types;
    this.#node = node;
  }

  get strategies(): ReadonlySet<string> {
    const text = this.#node?.['x-kubernetes-patch-strategy'];
    return typeof text === 'string' ? new Set(text.split(',')) : NO_STRATEGY;
  }

  get mergeKey(): string | undefined {
    const key = this.#node?.['x-kubernetes-patch-merge-key'];
    return typeof key === 'string' ? key : undefined;
  }

  field(name: string): PatchSchema {
    const node = this.#node && this.#types.node(this.#node);
    const properties = isObject(node?.['properties']) ? node['properties'] : {};
    if (Object.hasOwn(properties, name)) return this.#below(properties[name]);
    this.#rest ??= this.#below(node?.['additionalProperties']);
    return this.#rest;
  }

  #below(node: Json | undefined): PatchSchema {
    return new PatchSchema(this.#types, isObject(node) ? node : undefined);
  }

  item(): PatchSchema {
    const node = this.#node && this.#types.node(this.#node);
    return this.#below(node?.['items']);
  }
}
