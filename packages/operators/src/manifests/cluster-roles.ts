import { CROWNLABS_GROUP, LAB_GROUP } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { ClusterRole, PolicyRule } from 'kubernetes-types/rbac/v1.js';
import type { Wanted } from '../converge.ts';
import { RBAC_GROUP } from './bindings.ts';
import { managedBy } from './labels.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'update', 'patch', 'delete', 'deletecollection'];
const ALL = [...READ, ...WRITE];

/** A rule of a role, on one line. */
export function rule(group: string, resources: readonly string[], verbs: readonly string[]): PolicyRule {
  return { apiGroups: [group], resources: [...resources], verbs: [...verbs] };
}

/** A ClusterRole of ours. */
export function clusterRole(name: string, rules: readonly PolicyRule[]): Wanted<Kube<ClusterRole>> {
  const metadata = { name, labels: managedBy('operators') };
  return { apiVersion: `${RBAC_GROUP}/v1`, kind: 'ClusterRole', metadata, rules: [...rules] };
}

const of = (resources: readonly string[], verbs: readonly string[]) => rule(CROWNLABS_GROUP, resources, verbs);

/** What people may be bound to. `status` can be read and never written: others trust what it says. */
export function peopleRoles(): Wanted<Kube<ClusterRole>>[] {
  return [
    clusterRole('crownlabs-view-instances', [of(['instances', 'instances/status'], READ)]),
    clusterRole('crownlabs-manage-instances', [
      of(['instances'], ALL),
      of(['instances/status'], READ),
      rule('', ['events', 'resourcequotas'], READ),
    ]),
    clusterRole('crownlabs-view-instance-snapshots', [of(['instancesnapshots', 'instancesnapshots/status'], READ)]),
    clusterRole('crownlabs-manage-instance-snapshots', [of(['instancesnapshots'], ALL), of(['instancesnapshots/status'], READ)]),
    clusterRole('crownlabs-view-templates', [of(['templates', 'sharedvolumes'], READ)]),
    // Whoever writes templates makes images for them.
    clusterRole('crownlabs-manage-templates', [
      of(['templates', 'instancesnapshots'], ALL),
      of(['templates/status', 'instancesnapshots/status'], ['get']),
    ]),
    clusterRole('crownlabs-view-tenants', [of(['tenants'], READ)]),
    clusterRole('crownlabs-manage-tenants', [of(['tenants'], [...READ, 'create', 'update', 'patch'])]),
    clusterRole('crownlabs-view-workspaces', [of(['workspaces'], READ)]),
    clusterRole('crownlabs-manage-workspaces', [of(['workspaces'], ALL)]),
    clusterRole('crownlabs-view-image-lists', [of(['imagelists'], READ), rule(LAB_GROUP, ['imagebuilds'], READ)]),
    clusterRole('crownlabs-manage-image-lists', [of(['imagelists'], ALL)]),
    clusterRole('crownlabs-manage-sharedvolumes', [of(['sharedvolumes'], ALL)]),
    clusterRole('crownlabs-sandbox', sandboxRules()),
    clusterRole('crownlabs-admin', [
      of(['*'], ALL),
      ...['view', 'control', 'terminal', 'web'].map((door) => of([`instances/${door}`], ['get'])),
      of(['instances/power'], ['update']),
      rule(LAB_GROUP, ['*'], ALL),
      rule(
        '',
        ['namespaces', 'pods', 'pods/log', 'events', 'nodes', 'persistentvolumeclaims', 'persistentvolumes', 'resourcequotas', 'services'],
        READ,
      ),
      rule('apps', ['deployments', 'replicasets'], READ),
    ]),
  ];
}

function sandboxRules(): PolicyRule[] {
  const core = ['pods', 'configmaps', 'endpoints', 'persistentvolumeclaims', 'secrets', 'serviceaccounts', 'services'];
  return [
    rule('', core, ALL),
    rule('', ['pods/exec', 'pods/attach', 'pods/portforward', 'pods/proxy'], ['get', 'create']),
    rule('', ['events', 'pods/log', 'pods/status', 'resourcequotas', 'limitranges'], READ),
    rule('apps', ['deployments', 'replicasets', 'statefulsets', 'deployments/scale', 'replicasets/scale', 'statefulsets/scale'], ALL),
    rule('autoscaling', ['horizontalpodautoscalers'], ALL),
    rule('batch', ['jobs', 'cronjobs'], ALL),
    rule('networking.k8s.io', ['ingresses', 'networkpolicies'], ALL),
    rule(RBAC_GROUP, ['roles', 'rolebindings'], ALL),
    rule('metrics.k8s.io', ['pods'], READ),
  ];
}
