import { useMemo, useSyncExternalStore } from 'react';
import { useApp } from '../context.tsx';
import type { Instance } from './instance.ts';
import type { Template } from './template.ts';

/** The templates of some instances, wherever they are; those that may not be seen are missing. */
export function useTemplatesOf(instances: readonly Instance[]): (instance: Instance) => Template | undefined {
  const { lab } = useApp();
  const places = [...new Set(instances.map((instance) => instance.template.namespace))].toSorted().join(' ');
  const lists = useMemo(
    () =>
      places
        .split(' ')
        .filter(Boolean)
        .map((namespace) => lab.templates(namespace)),
    [lab, places],
  );
  const subscribe = useMemo(
    () => (listener: () => void) => {
      const stops = lists.map((list) => list.subscribe(listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    [lists],
  );
  // A list hands out a new value whenever something changed, so the number of templates seen is not enough to compare; the values are.
  const snapshot = useMemo(() => snapshotOf(lists), [lists]);
  const templates = useSyncExternalStore(subscribe, snapshot);
  return (instance) =>
    templates.find(({ name, namespace }) => name === instance.template.name && namespace === instance.template.namespace);
}

/** Joins lists into one array that stays the same object as long as none of them changes. */
function snapshotOf(lists: readonly { get: () => { state: string; value?: readonly Template[] } }[]): () => readonly Template[] {
  let parts: readonly unknown[] = [];
  let joined: readonly Template[] = [];
  return () => {
    const now = lists.map((list) => list.get());
    if (now.length !== parts.length || now.some((part, index) => part !== parts[index])) {
      parts = now;
      joined = now.flatMap((part) => part.value ?? []);
    }
    return joined;
  };
}
