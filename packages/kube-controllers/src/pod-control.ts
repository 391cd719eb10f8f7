import { type KubeObject, ownedBy, pods } from '@crownlabs/client';
import { hasCode, messageOf } from '@crownlabs/std';
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import { BY, type Cluster } from './cluster.ts';
import type { Pod } from './pod-state.ts';

/** What one pod has beside the template. */
export interface PodMore {
  readonly name?: string;
  /** How a name that is made up begins; with the name of the owner where it is not given. */
  readonly prefix?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

/** Creates and deletes the pods of owners, tells so in Events about the owner, and knows of them before the watch tells. */
export interface PodControl {
  /** All pods that `owner` controls: those that the live copy shows, and those made since. */
  ownedBy(owner: KubeObject): Pod[];
  create(owner: KubeObject, template: PodTemplateSpec, more?: PodMore): Promise<Pod>;
  /** Deletes the pod; from now on it no longer counts as active. */
  delete(owner: KubeObject, pod: Pod): Promise<void>;
  /** Whether the pod was deleted here and the watch has not said so yet. */
  isGoing(pod: Pod): boolean;
}

// A watch that broke may have missed the whole life of a pod: after this time only the live copy counts.
const TRUSTED_MS = 10_000;

/** Pod control over a live copy. A cache that lags behind must never lead to a pod too many. */
export function podControl({
  client,
  clock,
  events,
  live: { pods: live },
}: Pick<Cluster, 'client' | 'clock' | 'events' | 'live'>): PodControl {
  const made = new Map<string, { pod: Pod; at: number }>();
  const going = new Set<string>();
  live.onChange((now, before) => {
    const uid = (now ?? before)?.metadata.uid ?? '';
    made.delete(uid);
    if (!now || now.metadata.deletionTimestamp !== undefined) going.delete(uid);
  });
  return {
    ownedBy: (owner) => {
      const uid = owner.metadata.uid ?? '';
      for (const [key, { at }] of made) if (at + TRUSTED_MS < clock.now()) made.delete(key);
      const fresh = [...made.values()].filter(({ pod }) => pod.metadata.ownerReferences?.[0]?.uid === uid);
      return [...live.byIndex(BY.owner, uid), ...fresh.map(({ pod }) => pod)];
    },
    create: async (owner, template, more = {}) => {
      const pod = await client.create(pods, podOf(owner, template, more)).catch((error: unknown) => {
        events.record(owner, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${messageOf(error)}` });
        throw error;
      });
      events.record(owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` });
      const uid = pod.metadata.uid ?? '';
      // The watch may have been faster than the answer.
      if (live.get(pod.metadata.name, pod.metadata.namespace)?.metadata.uid !== uid) made.set(uid, { pod, at: clock.now() });
      return pod;
    },
    delete: async (owner, pod) => {
      const { name, namespace, uid } = pod.metadata;
      going.add(uid ?? '');
      try {
        await client.delete(pods, name, namespace, uid === undefined ? {} : { uid });
        events.record(owner, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` });
      } catch (error) {
        going.delete(uid ?? '');
        // Another pod has the name by now: this one is gone.
        if (hasCode(error, 'Conflict')) return;
        events.record(owner, { type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${messageOf(error)}` });
        throw error;
      }
    },
    isGoing: (pod) => going.has(pod.metadata.uid ?? ''),
  };
}

function podOf(owner: KubeObject, template: PodTemplateSpec, { name, prefix = owner.metadata.name, labels, annotations }: PodMore) {
  const metadata = template.metadata ?? {};
  const named = name === undefined ? { generateName: `${prefix.slice(0, 240)}-` } : { name };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...named,
      namespace: owner.metadata.namespace ?? '',
      labels: { ...metadata.labels, ...labels },
      annotations: { ...metadata.annotations, ...annotations },
      ...(metadata.finalizers && { finalizers: metadata.finalizers }),
      ownerReferences: [ownedBy(owner)],
    },
    ...(template.spec && { spec: template.spec }),
  };
}
