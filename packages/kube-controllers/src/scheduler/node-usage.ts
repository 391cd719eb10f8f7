import { subtractQuantities } from '@crownlabs/apiserver';
import type { Informer } from '@crownlabs/client';
import { type Amounts, plus, podRequests, ZERO } from '../amounts.ts';
import { isFinished, type Pod } from '../pod-state.ts';
import type { Candidate, Node } from './fit.ts';

/** What the pods on each node ask for, kept as pods come and go: no decision ever adds them all up. */
export interface NodeUsage {
  candidate(node: Node): Candidate;
  /** Counts `pod` on the node from now on, before the API says so. */
  assume(pod: Pod, node: string): void;
  isAssumed(pod: Pod): boolean;
  /** Takes back an assumption that did not come true. */
  forget(pod: Pod): void;
}

interface Load {
  used: Amounts;
  pods: number;
}

/** Usage over the live copy of all pods. */
export function nodeUsage(live: Informer<Pod>): NodeUsage {
  const loads = new Map<string, Load>();
  const places = new Map<string, { node: string; requests: Amounts; assumed: boolean }>();

  function remove(uid: string): void {
    const place = places.get(uid);
    const load = place && loads.get(place.node);
    places.delete(uid);
    if (!place || !load) return;
    load.pods -= 1;
    load.used = subtract(load.used, place.requests);
  }

  function add(pod: Pod, node: string, assumed: boolean): void {
    const requests = podRequests(pod);
    const load = loads.get(node) ?? { used: new Map(), pods: 0 };
    loads.set(node, load);
    load.pods += 1;
    load.used = plus(load.used, requests);
    places.set(uidOf(pod), { node, requests, assumed });
  }

  live.onChange((now, before) => {
    if (!now || isFinished(now)) return remove(uidOf(now ?? before));
    const node = now.spec?.nodeName;
    // A pod without a node may be one that was just assumed: then we know more than the watch.
    if (!node && places.get(uidOf(now))?.assumed) return;
    remove(uidOf(now));
    if (node) add(now, node, false);
  });

  return {
    candidate: (node) => {
      const load = loads.get(node.metadata.name);
      return { node, used: load?.used ?? new Map(), pods: load?.pods ?? 0 };
    },
    assume: (pod, node) => {
      remove(uidOf(pod));
      add(pod, node, true);
    },
    isAssumed: (pod) => places.get(uidOf(pod))?.assumed ?? false,
    forget: (pod) => remove(uidOf(pod)),
  };
}

function uidOf(pod: Pod | undefined): string {
  return pod?.metadata.uid ?? '';
}

function subtract(a: Amounts, b: Amounts): Amounts {
  const left = new Map(a);
  for (const [name, value] of b) left.set(name, subtractQuantities(left.get(name) ?? ZERO, value));
  return left;
}
