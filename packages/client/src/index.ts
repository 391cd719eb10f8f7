export { type ReviewedAccess, type ReviewedUser, type ReviewVerdict, review } from './access-review.ts';
export { type ApiStatus, statusError, statusOf } from './api-status.ts';
export {
  clusterResource,
  clusterRoleBindings,
  clusterRoles,
  configMaps,
  customResourceDefinitions,
  daemonSets,
  deployments,
  endpointSlices,
  endpoints,
  events,
  ingresses,
  jobs,
  leases,
  limitRanges,
  mutatingWebhookConfigurations,
  namespacedResource,
  namespaces,
  networkPolicies,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podDisruptionBudgets,
  pods,
  replicaSets,
  resourceQuotas,
  roleBindings,
  roles,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
  storageClasses,
  subjectAccessReviews,
  validatingWebhookConfigurations,
} from './built-in.ts';
export type {
  Applied,
  DeleteOptions,
  Informer,
  InformerOptions,
  KubeClient,
  ListOptions,
  New,
  ObjectList,
  WatchEvent,
  WriteOptions,
} from './client.ts';
export { type ClientOptions, createClient } from './create-client.ts';
export { type EventRecorder, type EventRecorderOptions, eventRecorder, type Happening } from './event-recorder.ts';
export { type HttpRoute, httpRoutes } from './http-route.ts';
export { type ApiEndpoint, httpTransport } from './http-transport.ts';
export { informer } from './informer.ts';
export { inClusterEndpoint, inClusterTransport, type KubeconfigOptions, kubeconfigEndpoint, kubeconfigTransport } from './kubeconfig.ts';
export { limitedTransport, observedTransport, type RateLimit } from './limited-transport.ts';
export { type MachineStream, type MachineStreams, machineStreams, rebootMachine } from './machine-streams.ts';
export { NETWORKS_ANNOTATION, type NetworkAttachment, type NetworkWish, networkAttachments } from './network-attachment.ts';
export {
  apiVersionOf,
  controllerOf,
  type Kube,
  type KubeObject,
  keyOf,
  keyText,
  type ObjectKey,
  type ObjectMeta,
  type OwnerReference,
  ownedBy,
  type Resource,
} from './object.ts';
export { type OptionalInformer, optionalInformer } from './optional-informer.ts';
export { type PodCommand, type PodExec, type PodLogOptions, type PodStreams, podStreams } from './pod-streams.ts';
export { collectionPath, objectPath, queryString } from './resource-path.ts';
export { readText } from './response-body.ts';
export type { ApiRequest, ApiResponse, Transport } from './transport.ts';
export {
  type DataVolume,
  dataVolumes,
  type MachineCondition,
  type MachineSpec,
  type MachineVolume,
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstances,
  virtualMachines,
} from './virtual-machine.ts';
