import { objectAt, objectsAt } from '../json-read.ts';
import { containerColumns, mapText, textColumn } from './cells.ts';
import { mutatingPolicy, policyBinding, validatingPolicy } from './cluster/admission-policy.ts';
import { apiService, controllerRevision, serviceAccount, signingRequest, storageClass } from './cluster/cluster-kinds.ts';
import { priorityClass } from './cluster/priority-class.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './cluster/rbac.ts';
import { runtimeClass } from './cluster/runtime-class.ts';
import { csiDriver, csiNode, volumeAttachment, volumeAttributesClass } from './cluster/storage-kinds.ts';
import { mutatingWebhooks, validatingWebhooks } from './cluster/webhook-configuration.ts';
import { NAME } from './columns.ts';
import { configMap } from './core/config-map.ts';
import { endpointSlice, endpoints } from './core/endpoints.ts';
import { coreEvent, event } from './core/event.ts';
import { lease } from './core/lease.ts';
import { limitRange } from './core/limit-range.ts';
import { namespace } from './core/namespace.ts';
import { node } from './core/node.ts';
import { resourceQuota } from './core/resource-quota.ts';
import { secret } from './core/secret.ts';
import { service } from './core/service.ts';
import { volume } from './core/volume.ts';
import { volumeClaim } from './core/volume-claim.ts';
import { ingress, ingressClass } from './network/ingress.ts';
import { networkPolicy } from './network/network-policy.ts';
import { pod } from './pod/pod.ts';
import { defaultTemplateOf } from './pod/pod-defaults.ts';
import type { Strategy } from './strategy.ts';
import { autoscaler, simpleAutoscaler } from './workload/autoscaler.ts';
import { cronJob } from './workload/cron-job.ts';
import { daemonSet } from './workload/daemon-set.ts';
import { deployment } from './workload/deployment.ts';
import { disruptionBudget } from './workload/disruption-budget.ts';
import { job } from './workload/job.ts';
import { replicaSet, replicationController } from './workload/replica-set.ts';
import { statefulSet } from './workload/stateful-set.ts';

const PLAIN: Strategy = {};

/** PodTemplates: nothing acts on them, but they are shown by what they would run. */
const podTemplate: Strategy = {
  defaults: (object) => defaultTemplateOf(object),
  columns: [
    NAME,
    ...containerColumns((object) => objectsAt(object, 'template', 'spec', 'containers')).map((column) => ({ ...column, priority: 0 })),
    textColumn('Pod Labels', (object) => mapText(objectAt(object, 'template', 'metadata')?.['labels'])),
  ],
};

/** By `group/version/Kind`. */
const STRATEGIES: Readonly<Record<string, Strategy>> = {
  '/v1/ConfigMap': configMap,
  '/v1/Endpoints': endpoints,
  '/v1/Event': coreEvent,
  '/v1/LimitRange': limitRange,
  '/v1/Namespace': namespace,
  '/v1/Node': node,
  '/v1/PersistentVolume': volume,
  '/v1/PersistentVolumeClaim': volumeClaim,
  '/v1/Pod': pod,
  '/v1/PodTemplate': podTemplate,
  '/v1/ReplicationController': replicationController,
  '/v1/ResourceQuota': resourceQuota,
  '/v1/Secret': secret,
  '/v1/Service': service,
  '/v1/ServiceAccount': serviceAccount,
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy': mutatingPolicy,
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding': policyBinding(false),
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': mutatingWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': validatingPolicy,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': policyBinding(true),
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': validatingWebhooks,
  'apiregistration.k8s.io/v1/APIService': apiService,
  'apps/v1/ControllerRevision': controllerRevision,
  'apps/v1/DaemonSet': daemonSet,
  'apps/v1/Deployment': deployment,
  'apps/v1/ReplicaSet': replicaSet,
  'apps/v1/StatefulSet': statefulSet,
  'autoscaling/v1/HorizontalPodAutoscaler': simpleAutoscaler,
  'autoscaling/v2/HorizontalPodAutoscaler': autoscaler,
  'batch/v1/CronJob': cronJob,
  'batch/v1/Job': job,
  'certificates.k8s.io/v1/CertificateSigningRequest': signingRequest,
  'coordination.k8s.io/v1/Lease': lease,
  'discovery.k8s.io/v1/EndpointSlice': endpointSlice,
  'events.k8s.io/v1/Event': event,
  'networking.k8s.io/v1/Ingress': ingress,
  'networking.k8s.io/v1/IngressClass': ingressClass,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicy,
  'node.k8s.io/v1/RuntimeClass': runtimeClass,
  'policy/v1/PodDisruptionBudget': disruptionBudget,
  'rbac.authorization.k8s.io/v1/ClusterRole': clusterRole,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': clusterRoleBinding,
  'rbac.authorization.k8s.io/v1/Role': role,
  'rbac.authorization.k8s.io/v1/RoleBinding': roleBinding,
  'scheduling.k8s.io/v1/PriorityClass': priorityClass,
  'storage.k8s.io/v1/CSIDriver': csiDriver,
  'storage.k8s.io/v1/CSINode': csiNode,
  'storage.k8s.io/v1/StorageClass': storageClass,
  'storage.k8s.io/v1/VolumeAttachment': volumeAttachment,
  'storage.k8s.io/v1/VolumeAttributesClass': volumeAttributesClass,
};

/** The behaviour of a built-in kind. */
export function strategyOf(group: string, version: string, kind: string): Strategy {
  return STRATEGIES[`${group}/${version}/${kind}`] ?? PLAIN;
}
