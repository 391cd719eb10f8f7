import { kindRows } from './catalog.ts';

/** Kinds that Kubernetes can read in versions that nobody serves here, by group and version; `as` is the group whose kinds they are today. */
const ELSEWHERE: Readonly<Record<string, { readonly kinds: readonly string[]; readonly as?: string }>> = {
  'admissionregistration.k8s.io/v1alpha1': {
    kinds: ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding'],
  },
  'admissionregistration.k8s.io/v1beta1': {
    kinds: [
      'ValidatingWebhookConfiguration',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
    ],
  },
  'apiextensions.k8s.io/v1beta1': { kinds: ['CustomResourceDefinition'] },
  'apiregistration.k8s.io/v1beta1': { kinds: ['APIService'] },
  'apps/v1beta1': { kinds: ['ControllerRevision', 'Deployment', 'Scale', 'StatefulSet'] },
  'apps/v1beta2': { kinds: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'Scale', 'StatefulSet'] },
  'authentication.k8s.io/v1alpha1': { kinds: ['SelfSubjectReview'] },
  'authentication.k8s.io/v1': { kinds: ['TokenRequest'] },
  'authentication.k8s.io/v1beta1': { kinds: ['SelfSubjectReview', 'TokenReview'] },
  'authorization.k8s.io/v1beta1': {
    kinds: ['LocalSubjectAccessReview', 'SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview'],
  },
  'autoscaling/v1': { kinds: ['Scale'] },
  'batch/v1beta1': { kinds: ['CronJob'] },
  'certificates.k8s.io/v1beta1': { kinds: ['CertificateSigningRequest'] },
  'coordination.k8s.io/v1beta1': { kinds: ['Lease', 'LeaseCandidate'] },
  'discovery.k8s.io/v1beta1': { kinds: ['EndpointSlice'] },
  'events.k8s.io/v1': { kinds: ['Event'], as: '' },
  'events.k8s.io/v1beta1': { kinds: ['Event'], as: '' },
  'extensions/v1beta1': { kinds: ['DaemonSet', 'Deployment', 'ReplicaSet', 'Scale'], as: 'apps' },
  'networking.k8s.io/v1': { kinds: ['IPAddress', 'ServiceCIDR'] },
  'networking.k8s.io/v1beta1': { kinds: ['Ingress', 'IngressClass', 'IPAddress', 'ServiceCIDR'] },
  'node.k8s.io/v1alpha1': { kinds: ['RuntimeClass'] },
  'node.k8s.io/v1beta1': { kinds: ['RuntimeClass'] },
  'policy/v1': { kinds: ['Eviction'] },
  'policy/v1beta1': { kinds: ['Eviction', 'PodDisruptionBudget'] },
  'rbac.authorization.k8s.io/v1alpha1': { kinds: ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'] },
  'rbac.authorization.k8s.io/v1beta1': { kinds: ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'] },
  'storage.k8s.io/v1alpha1': { kinds: ['CSIStorageCapacity', 'VolumeAttachment', 'VolumeAttributesClass'] },
  'storage.k8s.io/v1beta1': {
    kinds: ['CSIDriver', 'CSINode', 'CSIStorageCapacity', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
  },
  v1: {
    kinds: ['List', 'ComponentStatus', 'NodeProxyOptions', 'PodAttachOptions', 'PodExecOptions', 'PodLogOptions', 'PodPortForwardOptions'],
  },
};

/** Kinds that every group and version has. */
const EVERYWHERE = ['CreateOptions', 'DeleteOptions', 'GetOptions', 'ListOptions', 'PatchOptions', 'UpdateOptions', 'WatchEvent'];
/** Kinds of the metadata that the core group has too. */
const METADATA = ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status'];
/** Groups whose servers know no kinds but their own. */
const ALONE = ['apiextensions.k8s.io', 'apiregistration.k8s.io'];

/** Where a kind that a body names belongs, seen from the group that reads it. */
export interface KnownKind {
  /** The group whose kinds it is converted to. */
  readonly group: string;
}

/** The kind as Kubernetes knows it, though perhaps nobody serves it here; `undefined` if there is none. */
export function knownKind(reader: string, group: string, version: string, kind: string): KnownKind | undefined {
  if (ALONE.includes(reader) && group !== reader) return undefined;
  const named = kind.endsWith('List') && kind !== 'List' ? kind.slice(0, -4) : kind;
  return elsewhereKind(group, version, named) ?? servedKind(group, version, named) ?? metadataKind(group, version, kind);
}

const gv = (group: string, version: string) => (group === '' ? version : `${group}/${version}`);

function elsewhereKind(group: string, version: string, kind: string): KnownKind | undefined {
  const found = ELSEWHERE[gv(group, version)];
  if (found?.kinds.includes(kind)) return { group: found.as ?? group };
  // Two kinds of extensions went to another group than the rest.
  const moved = group === 'extensions' && version === 'v1beta1' && ['Ingress', 'NetworkPolicy'].includes(kind);
  return moved ? { group: 'networking.k8s.io' } : undefined;
}

const served = (group: string, version: string) => kindRows().filter((row) => row.group === group && row.version === version);

function servedKind(group: string, version: string, kind: string): KnownKind | undefined {
  return served(group, version).some((row) => row.kind === kind) ? { group } : undefined;
}

function metadataKind(group: string, version: string, kind: string): KnownKind | undefined {
  const here = served(group, version).length > 0 || gv(group, version) in ELSEWHERE;
  const common = here && EVERYWHERE.includes(kind);
  const own = ['v1', 'meta.k8s.io/v1'].includes(gv(group, version)) && METADATA.includes(kind);
  return common || own ? { group: 'meta.k8s.io' } : undefined;
}

/** The Go package of a group's kinds, as conversions name it. */
export function goPackage({ group }: { readonly group: string }): string {
  return group === '' || group === 'events.k8s.io' ? 'core' : (group.split('.')[0] ?? group);
}
