import { matchesSelector } from '@crownlabs/apiserver';
import { clusterRoles, informer } from '@crownlabs/client';
import { type Controller, controller, type Reconcile, watched } from '@crownlabs/controller';
import { sameJson } from '@crownlabs/std';
import type { PolicyRule } from 'kubernetes-types/rbac/v1.js';
import type { Cluster, KindOf } from '../cluster.ts';

type ClusterRole = KindOf<typeof clusterRoles>;

/** Keeps the rules of aggregated ClusterRoles equal to those of the roles that they select. */
export function aggregationController(cluster: Cluster): Controller {
  const { client, log, clock, signal } = cluster;
  const live = informer(client, clusterRoles, { clock, log }, signal);
  const aggregated = () => live.list().filter(({ aggregationRule }) => aggregationRule !== undefined);
  const reconcile: Reconcile = async ({ name }) => {
    const role = live.get(name);
    if (!role?.aggregationRule || role.metadata.deletionTimestamp !== undefined) return undefined;
    const rules = unionOf(role, live.list());
    if (!sameJson(role.rules ?? [], rules)) await client.patch(clusterRoles, name, undefined, { rules });
    return undefined;
  };
  return controller({
    name: 'role-aggregation',
    reconcile,
    sources: [watched(live, { keys: () => aggregated().map(({ metadata }) => ({ name: metadata.name })) })],
    log,
    clock,
  });
}

/** The rules of all roles that `role` selects, in order of their names, each rule once. */
function unionOf(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? [];
  const parts = all.filter(
    ({ metadata }) => metadata.name !== role.metadata.name && selectors.some((selector) => matchesSelector(selector, metadata.labels)),
  );
  const rules = parts.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).flatMap((part) => (part.rules ?? []).map(inOrder));
  const union: PolicyRule[] = [];
  for (const rule of rules) if (!union.some((known) => sameJson(known, rule))) union.push(rule);
  return union;
}

/** The fields of a rule in the order in which Kubernetes writes them, so that equal rules are equal texts. */
function inOrder({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): PolicyRule {
  return {
    verbs,
    ...(apiGroups && { apiGroups }),
    ...(resources && { resources }),
    ...(resourceNames && { resourceNames }),
    ...(nonResourceURLs && { nonResourceURLs }),
  };
}
