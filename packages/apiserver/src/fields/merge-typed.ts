import { isObject, type Json, type JsonObject } from '../json.ts';
import { copyOf, own } from '../odd-keys.ts';
import { itemName, itemsByName } from './list-items.ts';
import type { PathElement } from './path-element.ts';
import { keyType, type ListType, type MapType, type TypeRef, typeFor, type ValueTypes } from './value-type.ts';

/** `config` laid over `live`: maps by key, keyed lists and sets by item, everything else as a whole. Neither is changed; parts may be shared. */
export function mergeTyped(types: ValueTypes, live: JsonObject, config: JsonObject, root: TypeRef): JsonObject {
  const merged = new TypedMerge(types).value(live, config, root);
  return isObject(merged) ? merged : {};
}

class TypedMerge {
  readonly #types: ValueTypes;

  constructor(types: ValueTypes) {
    this.#types = types;
  }

  value(live: Json | undefined, config: Json | undefined, ref: TypeRef): Json | undefined {
    if (config === undefined) return live;
    if (live === undefined) return config;
    const type = typeFor(this.#types.of(ref), config);
    if (type.kind === 'map' && !type.atomic) return this.#map(live, config, type);
    if (type.kind === 'list' && type.relation !== 'atomic') return this.#list(live, config, type);
    return config;
  }

  #map(live: Json, config: Json, type: MapType): Json {
    if (!isObject(live) || Object.keys(live).length === 0) return config;
    // An explicit null or an empty map says nothing about the keys that are there.
    if (!isObject(config)) return live;
    const out = copyOf(live, config);
    for (const [key, item] of Object.entries(config)) {
      const inside = keyType(type, key);
      out[key] = inside ? this.value(own(live, key), item, inside.type) : item;
    }
    return out;
  }

  #list(live: Json, config: Json, type: ListType): Json {
    if (!Array.isArray(live) || live.length === 0) return config;
    if (!Array.isArray(config) || config.length === 0) return live;
    return new ListMerge(this.#types, type, live, config).run((a, b) => this.value(a, b, type.item) ?? null);
  }
}

/** The items of both lists: those of the config in its order, those only live where they stood among the shared ones. */
class ListMerge {
  readonly #named: readonly (readonly [PathElement, Json])[];
  readonly #config: [PathElement, Json][];
  readonly #inConfig: Set<PathElement>;
  readonly #liveByName: Map<PathElement, Json[]>;

  constructor(types: ValueTypes, type: ListType, live: readonly Json[], config: readonly Json[]) {
    const named = (items: readonly Json[]) =>
      items.flatMap((item): [PathElement, Json][] => {
        const name = itemName(types, type, item);
        return 'element' in name ? [[name.element, item]] : [];
      });
    this.#named = named(live);
    this.#config = named(config);
    this.#inConfig = new Set(this.#config.map(([element]) => element));
    this.#liveByName = itemsByName(types, type, live);
  }

  run(merge: (live: Json | undefined, config: Json) => Json): Json[] {
    const out: Json[] = [];
    const shared = this.#config.map(([element]) => element).filter((element) => this.#liveByName.has(element));
    const emit = (upTo?: PathElement) => {
      for (let next = this.#config.shift(); next; next = this.#config.shift()) {
        const [element, item] = next;
        out.push(merge(this.#liveByName.get(element)?.[0], item));
        if (shared[0] === element) shared.shift();
        if (element === upTo) return;
      }
    };
    for (const [element, item] of this.#named) {
      if (!this.#inConfig.has(element)) out.push(item);
      else if (element === shared[0]) emit(element);
      // A shared item out of the config's order comes when its turn is there.
    }
    emit();
    return out;
  }
}
