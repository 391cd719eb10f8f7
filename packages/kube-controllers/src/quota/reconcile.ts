import { quotaKinds, quotaUsed } from '@crownlabs/apiserver';
import {
  informer,
  type KubeObject,
  keyOf,
  type ObjectKey,
  persistentVolumeClaims,
  pods,
  resourceQuotas,
  services,
} from '@crownlabs/client';
import { type Controller, controller, manualSource, type Reconcile, type Source, watched } from '@crownlabs/controller';
import { BY, type Cluster } from '../cluster.ts';
import type { World } from '../graph/watch-all.ts';
import { patchStatus } from '../status-patch.ts';

/** Writes what is used of each ResourceQuota. Admission does not wait for it: this is what people see. */
export function quotaController(cluster: Cluster, world: World): Controller {
  const { client, live, log, clock, signal } = cluster;
  const quotas = informer(
    client,
    resourceQuotas,
    { indexes: { [BY.namespace]: ({ metadata }) => [metadata.namespace ?? ''] }, clock, log },
    signal,
  );
  // Counting kinds by amount takes whole objects; all others are counted by number.
  const whole: Readonly<Record<string, { byIndex(index: string, value: string): readonly KubeObject[] }>> = {
    [`${pods.plural}.`]: live.pods,
    [`${services.plural}.`]: live.services,
    [`${persistentVolumeClaims.plural}.`]: live.claims,
  };
  const objectsOf = (kind: { group: string; plural: string }, namespace: string): readonly object[] | undefined =>
    whole[`${kind.plural}.${kind.group}`]?.byIndex(BY.namespace, namespace) ??
    (isCounted(world, kind) ? world.graph.inPlace(kind, namespace) : undefined);
  const report: Reconcile = async ({ name, namespace = '' }) => {
    const quota = quotas.get(name, namespace);
    if (!quota) return undefined;
    const used = quotaUsed(quota, (kind) => objectsOf(kind, namespace));
    await patchStatus(client, resourceQuotas, quota, {
      hard: nullMissing(quota.spec?.hard, quota.status?.hard),
      used: nullMissing(used, quota.status?.used),
    });
    return undefined;
  };
  const concerned = (kind: { group: string; plural: string }, namespace: string): ObjectKey[] =>
    quotas
      .byIndex(BY.namespace, namespace)
      .filter((quota) => quotaKinds(quota).some(({ group, plural }) => group === kind.group && plural === kind.plural))
      .map(keyOf);
  const ofKind = (kind: { group: string; plural: string }) => ({
    keys: ({ metadata }: KubeObject) => concerned(kind, metadata.namespace ?? ''),
  });
  return controller({
    name: 'quota',
    reconcile: async () => undefined,
    report,
    reportWithinMs: 5_000,
    sources: [
      watched(quotas),
      watched(live.pods, ofKind(pods)),
      watched(live.services, ofKind(services)),
      watched(live.claims, ofKind(persistentVolumeClaims)),
      graphSource(world, concerned, () => quotas.list().map(keyOf)),
    ],
    log,
    clock,
  });
}

/** Events are too many to be counted, and what is not served cannot be. */
function isCounted(world: World, { group, plural }: { group: string; plural: string }): boolean {
  return (
    plural !== 'events' && world.resources().some((one) => one.group === group && one.plural === plural && one.verbs.includes('delete'))
  );
}

/** A merge patch keeps what it does not name: keys that are no longer wanted are named with null. */
function nullMissing(wanted: object | undefined, present: object | undefined): Record<string, unknown> {
  const dropped = Object.keys(present ?? {}).filter((key) => !(key in (wanted ?? {})));
  return { ...Object.fromEntries(dropped.map((key) => [key, null])), ...wanted };
}

/** Objects that come and go; and new kinds, which a quota may have waited for. */
function graphSource(
  world: World,
  concerned: (kind: { group: string; plural: string }, namespace: string) => ObjectKey[],
  all: () => ObjectKey[],
): Source {
  const source = manualSource();
  world.graph.onChange((now, before) => {
    const node = now ?? before;
    if ((now && before) || node?.namespace === undefined) return;
    for (const key of concerned(node.resource, node.namespace)) source.enqueue(key);
  });
  world.onResources(() => {
    for (const key of all()) source.enqueue(key);
  });
  return { ...source, synced: () => world.synced() };
}
