import type { JsonObject } from '../json.ts';
import { textAt } from '../json-read.ts';
import type { ObjectListener, ObjectReader, StoredKind } from '../object-reader.ts';

/** Objects in memory for tests: a small working reader, whose objects come and go by `put` and `remove`. */
export interface TestReader extends ObjectReader {
  put(kind: StoredKind, object: JsonObject): void;
  remove(kind: StoredKind, name: string, namespace?: string): void;
}

/** A reader without objects. */
export function objectReader(): TestReader {
  const kinds = new Map<string, Map<string, JsonObject>>();
  const listeners = new Map<string, Set<ObjectListener>>();
  const nameOf = ({ group, plural }: StoredKind) => `${plural}.${group}`;
  const keyOf = (name: string, namespace = '') => `${namespace}/${name}`;
  const objects = (kind: StoredKind) => {
    const known = kinds.get(nameOf(kind)) ?? new Map<string, JsonObject>();
    kinds.set(nameOf(kind), known);
    return known;
  };
  function change(kind: StoredKind, key: string, now: JsonObject | undefined): void {
    const before = objects(kind).get(key);
    if (now) objects(kind).set(key, now);
    else objects(kind).delete(key);
    for (const listener of listeners.get(nameOf(kind)) ?? []) listener(now, before);
  }
  return {
    get: (kind, name, namespace) => objects(kind).get(keyOf(name, namespace)),
    list: (kind, namespace) =>
      [...objects(kind).values()].filter((one) => namespace === undefined || textAt(one, 'metadata', 'namespace') === namespace),
    onChange: (kind, listener) => {
      const known = listeners.get(nameOf(kind)) ?? new Set();
      listeners.set(nameOf(kind), known.add(listener));
      return () => void known.delete(listener);
    },
    put: (kind, object) => change(kind, keyOf(textAt(object, 'metadata', 'name'), textAt(object, 'metadata', 'namespace')), object),
    remove: (kind, name, namespace) => change(kind, keyOf(name, namespace), undefined),
  };
}
