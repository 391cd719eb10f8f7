import { CROWNLABS_GROUP, LAB_GROUP } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { ClusterRole, PolicyRule } from 'kubernetes-types/rbac/v1.js';
import type { Wanted } from '../converge.ts';
import { RBAC_GROUP } from './bindings.ts';
import { clusterRole, rule } from './cluster-roles.ts';

const READ = ['get', 'list', 'watch'];
const ALL = [...READ, 'create', 'update', 'patch', 'delete', 'deletecollection'];
const KINDS = ['tenants', 'workspaces', 'templates', 'instances', 'instancesnapshots', 'sharedvolumes', 'imagelists'];
const DOORS = ['view', 'control', 'terminal', 'web'].map((door) => `instances/${door}`);

const REVIEW = rule('authorization.k8s.io', ['subjectaccessreviews'], ['create']);

/** What each room of ours may do, as its ServiceAccount in crownlabs-system. One ClusterRole a room, the same in both homes. */
export const ROOM_RULES: Readonly<Record<string, readonly PolicyRule[]>> = {
  operators: [
    rule(CROWNLABS_GROUP, KINDS, ALL),
    rule(
      CROWNLABS_GROUP,
      KINDS.map((kind) => `${kind}/status`),
      ALL,
    ),
    // Held in order to be handed on: nobody can give rights that he does not have.
    rule(CROWNLABS_GROUP, DOORS, ['get']),
    rule(CROWNLABS_GROUP, ['instances/power'], ['update']),
    rule(LAB_GROUP, ['*'], READ),
    rule(
      '',
      ['namespaces', 'services', 'persistentvolumeclaims', 'persistentvolumes', 'secrets', 'configmaps', 'resourcequotas', 'limitranges'],
      ALL,
    ),
    rule('', ['pods', 'nodes'], READ),
    rule('', ['events'], [...READ, 'create', 'patch']),
    rule('apps', ['deployments'], ALL),
    rule('batch', ['jobs'], ALL),
    rule('networking.k8s.io', ['networkpolicies', 'ingresses'], ALL),
    rule('kubevirt.io', ['virtualmachines', 'virtualmachineinstances'], ALL),
    rule('cdi.kubevirt.io', ['datavolumes'], ALL),
    // Lets the disk of a machine be a copy of a volume in another namespace; which ones, the instance controller decides.
    rule('cdi.kubevirt.io', ['datavolumes/source'], ['create']),
    // How a disk that is in use is copied, where the storage can.
    rule('snapshot.storage.k8s.io', ['volumesnapshots'], ALL),
    rule('snapshot.storage.k8s.io', ['volumesnapshotclasses'], READ),
    rule('gateway.networking.k8s.io', ['httproutes'], ALL),
    rule('k8s.cni.cncf.io', ['network-attachment-definitions'], ALL),
    rule(RBAC_GROUP, ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], [...ALL, 'bind', 'escalate']),
    rule('coordination.k8s.io', ['leases'], ALL),
    // On a cluster they register their webhooks by themselves, with an authority that they renew.
    rule('admissionregistration.k8s.io', ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'], ALL),
    rule('admissionregistration.k8s.io', ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'], ALL),
    rule('apiextensions.k8s.io', ['customresourcedefinitions'], READ),
    rule('storage.k8s.io', ['storageclasses'], READ),
  ],
  gateway: [
    REVIEW,
    rule(CROWNLABS_GROUP, ['instances', 'templates', 'tenants', 'workspaces'], READ),
    rule('', ['pods', 'services'], READ),
    rule('', ['pods/portforward', 'pods/exec'], ['get', 'create']),
    rule('subresources.kubevirt.io', ['virtualmachineinstances/vnc', 'virtualmachineinstances/console'], ['get']),
    rule('subresources.kubevirt.io', ['virtualmachineinstances/softreboot'], ['update']),
    // A right that is taken away ends open connections at once.
    rule(RBAC_GROUP, ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], READ),
  ],
  relay: [
    REVIEW,
    rule(CROWNLABS_GROUP, KINDS, READ),
    rule(LAB_GROUP, ['*'], READ),
    rule('', ['nodes'], READ),
    rule('apiextensions.k8s.io', ['customresourcedefinitions'], READ),
  ],
  identity: [
    rule(CROWNLABS_GROUP, ['tenants'], [...READ, 'create', 'update', 'patch', 'delete']),
    rule(CROWNLABS_GROUP, ['workspaces'], READ),
    rule('', ['namespaces'], ['get', 'create', 'patch']),
    rule('', ['secrets'], [...READ, 'create', 'update', 'patch', 'delete']),
  ],
  'exam-agent': [
    rule(CROWNLABS_GROUP, ['instances'], [...READ, 'create', 'patch', 'delete']),
    rule(CROWNLABS_GROUP, ['templates', 'tenants'], ['get', 'list']),
    // Held in order to be handed on to the candidate.
    rule(CROWNLABS_GROUP, DOORS, ['get']),
    rule(RBAC_GROUP, ['roles', 'rolebindings'], ['get', 'create', 'patch']),
    rule('', ['namespaces'], ['get', 'create', 'patch']),
  ],
  images: [rule(LAB_GROUP, ['imagebuilds', 'imagebuilds/status'], ALL)],
  demo: [
    rule(CROWNLABS_GROUP, ['workspaces', 'templates', 'tenants'], ALL),
    rule('', ['namespaces'], ['get', 'list', 'watch', 'create', 'patch']),
    rule('', ['configmaps'], ALL),
  ],
};

/** The ClusterRoles of all rooms. */
export function roomRoles(): Wanted<Kube<ClusterRole>>[] {
  return Object.entries(ROOM_RULES).map(([room, rules]) => clusterRole(`crownlabs-${room}`, rules));
}
