import type { MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { CustomResourceDefinition } from 'kubernetes-types/apiextensions/v1.js';
import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { SubjectAccessReview } from 'kubernetes-types/authorization/v1.js';
import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Lease } from 'kubernetes-types/coordination/v1.js';
import type {
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from 'kubernetes-types/core/v1.js';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.js';
import type { Ingress, NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from 'kubernetes-types/rbac/v1.js';
import type { StorageClass } from 'kubernetes-types/storage/v1.js';
import type { Kube, KubeObject, Resource } from './object.ts';

/** Describes a resource whose objects live in namespaces; `served` is `version` or `group/version`. */
export function namespacedResource<T extends KubeObject>(served: string, plural: string, kind: string): Resource<T> {
  return { ...groupVersion(served), plural, kind, namespaced: true };
}

/** Describes a resource whose objects live outside of namespaces; `served` is `version` or `group/version`. */
export function clusterResource<T extends KubeObject>(served: string, plural: string, kind: string): Resource<T> {
  return { ...groupVersion(served), plural, kind, namespaced: false };
}

function groupVersion(served: string): { group: string; version: string } {
  const [group, version] = served.split('/');
  return version === undefined ? { group: '', version: served } : { group: group ?? '', version };
}

/** `v1` pods. */
export const pods = namespacedResource<Kube<Pod>>('v1', 'pods', 'Pod');
/** `v1` services. */
export const services = namespacedResource<Kube<Service>>('v1', 'services', 'Service');
/** `v1` secrets. */
export const secrets = namespacedResource<Kube<Secret>>('v1', 'secrets', 'Secret');
/** `v1` configmaps. */
export const configMaps = namespacedResource<Kube<ConfigMap>>('v1', 'configmaps', 'ConfigMap');
/** `v1` namespaces. */
export const namespaces = clusterResource<Kube<Namespace>>('v1', 'namespaces', 'Namespace');
/** `v1` nodes. */
export const nodes = clusterResource<Kube<Node>>('v1', 'nodes', 'Node');
/** `v1` events. */
export const events = namespacedResource<Kube<Event>>('v1', 'events', 'Event');
/** `v1` endpoints, the older form of endpoint slices. */
export const endpoints = namespacedResource<Kube<Endpoints>>('v1', 'endpoints', 'Endpoints');
/** `v1` persistentvolumeclaims. */
export const persistentVolumeClaims = namespacedResource<Kube<PersistentVolumeClaim>>(
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
);
/** `v1` persistentvolumes. */
export const persistentVolumes = clusterResource<Kube<PersistentVolume>>('v1', 'persistentvolumes', 'PersistentVolume');
/** `v1` resourcequotas. */
export const resourceQuotas = namespacedResource<Kube<ResourceQuota>>('v1', 'resourcequotas', 'ResourceQuota');
/** `v1` limitranges. */
export const limitRanges = namespacedResource<Kube<LimitRange>>('v1', 'limitranges', 'LimitRange');
/** `v1` serviceaccounts. */
export const serviceAccounts = namespacedResource<Kube<ServiceAccount>>('v1', 'serviceaccounts', 'ServiceAccount');
/** `apps/v1` deployments. */
export const deployments = namespacedResource<Kube<Deployment>>('apps/v1', 'deployments', 'Deployment');
/** `apps/v1` replicasets. */
export const replicaSets = namespacedResource<Kube<ReplicaSet>>('apps/v1', 'replicasets', 'ReplicaSet');
/** `apps/v1` statefulsets. */
export const statefulSets = namespacedResource<Kube<StatefulSet>>('apps/v1', 'statefulsets', 'StatefulSet');
/** `apps/v1` daemonsets. */
export const daemonSets = namespacedResource<Kube<DaemonSet>>('apps/v1', 'daemonsets', 'DaemonSet');
/** `batch/v1` jobs. */
export const jobs = namespacedResource<Kube<Job>>('batch/v1', 'jobs', 'Job');
/** `coordination.k8s.io/v1` leases. */
export const leases = namespacedResource<Kube<Lease>>('coordination.k8s.io/v1', 'leases', 'Lease');
/** `discovery.k8s.io/v1` endpointslices. */
export const endpointSlices = namespacedResource<Kube<EndpointSlice>>('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice');
/** `networking.k8s.io/v1` networkpolicies. */
export const networkPolicies = namespacedResource<Kube<NetworkPolicy>>('networking.k8s.io/v1', 'networkpolicies', 'NetworkPolicy');
/** `networking.k8s.io/v1` ingresses. */
export const ingresses = namespacedResource<Kube<Ingress>>('networking.k8s.io/v1', 'ingresses', 'Ingress');
/** `policy/v1` poddisruptionbudgets. */
export const podDisruptionBudgets = namespacedResource<Kube<PodDisruptionBudget>>(
  'policy/v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
/** `storage.k8s.io/v1` storageclasses. */
export const storageClasses = clusterResource<Kube<StorageClass>>('storage.k8s.io/v1', 'storageclasses', 'StorageClass');
/** `rbac.authorization.k8s.io/v1` roles. */
export const roles = namespacedResource<Kube<Role>>('rbac.authorization.k8s.io/v1', 'roles', 'Role');
/** `rbac.authorization.k8s.io/v1` rolebindings. */
export const roleBindings = namespacedResource<Kube<RoleBinding>>('rbac.authorization.k8s.io/v1', 'rolebindings', 'RoleBinding');
/** `rbac.authorization.k8s.io/v1` clusterroles. */
export const clusterRoles = clusterResource<Kube<ClusterRole>>('rbac.authorization.k8s.io/v1', 'clusterroles', 'ClusterRole');
/** `rbac.authorization.k8s.io/v1` clusterrolebindings. */
export const clusterRoleBindings = clusterResource<Kube<ClusterRoleBinding>>(
  'rbac.authorization.k8s.io/v1',
  'clusterrolebindings',
  'ClusterRoleBinding',
);
/** `apiextensions.k8s.io/v1` customresourcedefinitions. */
export const customResourceDefinitions = clusterResource<Kube<CustomResourceDefinition>>(
  'apiextensions.k8s.io/v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
);
/** `admissionregistration.k8s.io/v1` validatingwebhookconfigurations. */
export const validatingWebhookConfigurations = clusterResource<Kube<ValidatingWebhookConfiguration>>(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
);
/** `admissionregistration.k8s.io/v1` mutatingwebhookconfigurations. */
export const mutatingWebhookConfigurations = clusterResource<Kube<MutatingWebhookConfiguration>>(
  'admissionregistration.k8s.io/v1',
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
);
/** `authorization.k8s.io/v1` subjectaccessreviews: they can be created only. */
export const subjectAccessReviews = clusterResource<Kube<SubjectAccessReview>>(
  'authorization.k8s.io/v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
);
