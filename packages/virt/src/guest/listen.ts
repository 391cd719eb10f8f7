import { ANNOTATION } from '@crownlabs/api';
import { controllerOf, type Informer, type Kube, keyOf } from '@crownlabs/client';
import { manualSource, type Source } from '@crownlabs/controller';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { guests } from '../kinds/kinds.ts';
import { GOES_ON } from './desired.ts';
import { hear, type Listened } from './hear.ts';
import type { Heard } from './heard.ts';
import type { SleepTools } from './sleep.ts';
import { podReady } from './status.ts';

/** What emulators say of their guests. */
export interface Listener {
  /** Tells of the guests that something new was said of. */
  readonly source: Source;
  heard(pod: Kube<Pod> | undefined): Heard | undefined;
  /** The guest came up: what was before does not count. */
  cameUp(pod: Kube<Pod>): void;
}

const AGAIN_MS = 2_000;
const SILENT: Heard = { paused: false, reboots: [] };

/** Listens to the emulator in every launcher pod that runs, until `signal` aborts. Pods run on when nobody listens. */
export function listenToGuests(tools: SleepTools & { readonly pods: Informer<Kube<Pod>> }): Listener {
  const { pods, signal } = tools;
  const source = manualSource();
  const known = new Map<string, Heard>();
  const listening = new Set<string>();
  const uidOf = (pod: Kube<Pod>) => pod.metadata.uid ?? '';
  const note = (pod: Kube<Pod>, change: (before: Heard) => Heard) => {
    const before = known.get(uidOf(pod)) ?? SILENT;
    const after = change(before);
    if (after === before) return;
    known.set(uidOf(pod), after);
    const owner = controllerOf(pod);
    if (owner) source.enqueue({ name: owner.name, namespace: pod.metadata.namespace ?? '' });
  };
  const latest = (pod: Kube<Pod>) => pods.get(pod.metadata.name, pod.metadata.namespace);
  const runs = (pod: Kube<Pod>) => latest(pod)?.status?.phase === 'Running';
  const listen = async (pod: Kube<Pod>) => {
    const listened: Listened = {
      ...keyOf(pod),
      goesOn: pod.metadata.annotations?.[ANNOTATION.instantStart] === GOES_ON,
      question: pod.spec?.containers[0]?.readinessProbe?.exec?.command,
      countsAsReady: () => runs(pod) && podReady(latest(pod)),
    };
    while (!signal.aborted && runs(pod)) {
      await hear(tools, listened, (change) => note(pod, change)).catch(() => undefined);
      await tools.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
    known.delete(uidOf(pod));
    listening.delete(uidOf(pod));
  };
  const begin = (pod: Kube<Pod> | undefined) => {
    if (!pod || controllerOf(pod)?.kind !== guests.kind || pod.status?.phase !== 'Running' || listening.has(uidOf(pod))) return;
    listening.add(uidOf(pod));
    void listen(pod);
  };
  const stop = pods.onChange(begin);
  signal.addEventListener('abort', stop, { once: true });
  return {
    source,
    heard: (pod) => (pod ? known.get(uidOf(pod)) : undefined),
    cameUp: (pod) => {
      const before = known.get(uidOf(pod));
      if (before && before.reboots.length > 0) known.set(uidOf(pod), { ...before, reboots: [] });
    },
  };
}
