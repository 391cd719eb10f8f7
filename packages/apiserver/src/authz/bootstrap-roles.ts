import type { PolicyRule } from './rule.ts';

/** A ClusterRole that every cluster has. */
export interface DefaultRole {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules?: readonly Partial<PolicyRule>[];
  /** Made of all roles that carry this label, by the aggregation controller. */
  readonly aggregates?: string;
}

/** A ClusterRoleBinding that every cluster has: the role of the same name, and who has it. */
export interface DefaultBinding {
  readonly name: string;
  readonly users?: readonly string[];
  readonly groups?: readonly string[];
}

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const AGGREGATE = 'rbac.authorization.k8s.io/aggregate-to-';

const rule = (verbs: readonly string[], group: string, ...resources: readonly string[]): Partial<PolicyRule> => ({
  verbs,
  apiGroups: [group],
  resources,
});
const events = (verbs: readonly string[]): Partial<PolicyRule> => ({ verbs, apiGroups: ['', 'events.k8s.io'], resources: ['events'] });
const paths = (...nonResourceURLs: readonly string[]): Partial<PolicyRule> => ({ verbs: ['get'], nonResourceURLs });
const into = (role: string) => ({ [`${AGGREGATE}${role}`]: 'true' });

const WORKLOADS = [
  'daemonsets',
  'deployments',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
];
const WORKLOAD_STATUS = ['daemonsets/status', 'deployments/status', 'replicasets/status', 'statefulsets/status'];

/** Rules of the time before these kinds had groups of their own, which clusters keep. */
const OLD_WORKLOADS = ['daemonsets', 'deployments', 'deployments/scale', 'replicasets', 'replicasets/scale'];
const OLD_NETWORK = ['ingresses', 'networkpolicies'];
const CLAIMS = ['resourceclaims', 'resourceclaimtemplates'];

const VIEW: readonly Partial<PolicyRule>[] = [
  rule(
    READ,
    '',
    'configmaps',
    'endpoints',
    'persistentvolumeclaims',
    'persistentvolumeclaims/status',
    'pods',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'serviceaccounts',
    'services',
    'services/status',
  ),
  rule(
    READ,
    '',
    'bindings',
    'limitranges',
    'namespaces/status',
    'pods/log',
    'pods/status',
    'replicationcontrollers/status',
    'resourcequotas',
    'resourcequotas/status',
  ),
  rule(READ, '', 'namespaces'),
  events(READ),
  rule(READ, 'discovery.k8s.io', 'endpointslices'),
  rule(READ, 'apps', ...['controllerrevisions', ...WORKLOADS, ...WORKLOAD_STATUS].toSorted()),
  rule(READ, 'autoscaling', 'horizontalpodautoscalers', 'horizontalpodautoscalers/status'),
  rule(READ, 'batch', 'cronjobs', 'cronjobs/status', 'jobs', 'jobs/status'),
  rule(
    READ,
    'extensions',
    ...[
      ...OLD_WORKLOADS,
      ...WORKLOAD_STATUS.filter((name) => !name.startsWith('statefulsets')),
      ...OLD_NETWORK,
      'ingresses/status',
      'replicationcontrollers/scale',
    ].toSorted(),
  ),
  rule(READ, 'policy', 'poddisruptionbudgets', 'poddisruptionbudgets/status'),
  rule(READ, 'networking.k8s.io', 'ingresses', 'ingresses/status', 'networkpolicies'),
  rule(READ, 'resource.k8s.io', ...[...CLAIMS, 'resourceclaims/status'].toSorted()),
];

const STREAMS = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];
const ALL = [...READ, ...WRITE].toSorted();

const EDIT: readonly Partial<PolicyRule>[] = [
  rule(READ, '', ...STREAMS, 'secrets', 'services/proxy'),
  rule(['impersonate'], '', 'serviceaccounts'),
  rule(WRITE, '', 'pods', ...STREAMS),
  rule(['create'], '', 'pods/eviction'),
  rule(
    WRITE,
    '',
    'configmaps',
    'persistentvolumeclaims',
    'replicationcontrollers',
    'replicationcontrollers/scale',
    'secrets',
    'serviceaccounts',
    'services',
    'services/proxy',
  ),
  rule(['create'], '', 'serviceaccounts/token'),
  events(WRITE),
  rule(WRITE, 'apps', ...[...WORKLOADS, 'deployments/rollback'].toSorted()),
  rule(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  rule(WRITE, 'batch', 'cronjobs', 'jobs'),
  rule(WRITE, 'extensions', ...[...OLD_WORKLOADS, 'deployments/rollback', ...OLD_NETWORK, 'replicationcontrollers/scale'].toSorted()),
  rule(WRITE, 'policy', 'poddisruptionbudgets'),
  rule(WRITE, 'networking.k8s.io', ...OLD_NETWORK),
  rule(ALL, 'coordination.k8s.io', 'leases'),
  rule(WRITE, 'resource.k8s.io', ...CLAIMS),
];

const ADMIN: readonly Partial<PolicyRule>[] = [
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  rule(ALL, 'rbac.authorization.k8s.io', 'rolebindings', 'roles'),
];

/** What an agent may do; on one machine all of them are ours, so that no per-node graph narrows it. */
const NODE: readonly Partial<PolicyRule>[] = [
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews', 'subjectaccessreviews'),
  rule([...READ, 'create', 'delete', 'patch', 'update'], '', 'nodes'),
  rule(['patch', 'update'], '', 'nodes/status', 'pods/status', 'persistentvolumeclaims/status'),
  rule([...READ, 'create', 'delete'], '', 'pods'),
  rule(['create'], '', 'pods/eviction', 'serviceaccounts/token'),
  rule(['create', 'patch', 'update'], '', 'events'),
  rule(['create', 'patch', 'update'], 'events.k8s.io', 'events'),
  rule(READ, '', 'configmaps', 'secrets', 'services', 'persistentvolumeclaims', 'persistentvolumes', 'namespaces', 'serviceaccounts'),
  rule(['create', 'delete', 'get', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  rule(READ, 'node.k8s.io', 'runtimeclasses'),
  rule(READ, 'networking.k8s.io', 'networkpolicies'),
  rule(READ, 'storage.k8s.io', 'storageclasses', 'csidrivers', 'volumeattachments'),
  rule(['create', 'get', 'list', 'watch'], 'certificates.k8s.io', 'certificatesigningrequests'),
];

const SCHEDULER: readonly Partial<PolicyRule>[] = [
  rule(READ, '', 'nodes', 'pods', 'namespaces', 'services', 'replicationcontrollers', 'persistentvolumes'),
  rule([...READ, 'patch', 'update'], '', 'persistentvolumeclaims'),
  rule(['create'], '', 'bindings', 'pods/binding'),
  rule(['delete'], '', 'pods'),
  rule(['patch', 'update'], '', 'pods/status'),
  rule(['create', 'patch', 'update'], '', 'events'),
  rule(['create', 'patch', 'update'], 'events.k8s.io', 'events'),
  rule(READ, 'apps', 'replicasets', 'statefulsets'),
  rule(READ, 'policy', 'poddisruptionbudgets'),
  rule(READ, 'storage.k8s.io', 'storageclasses', 'csinodes', 'csidrivers', 'csistoragecapacities'),
  rule(['create', 'get', 'list', 'patch', 'update', 'watch'], 'coordination.k8s.io', 'leases'),
];

/** Garbage collection and namespace clean-up reach every kind; what is created is listed one by one. */
const CONTROLLERS: readonly Partial<PolicyRule>[] = [
  rule([...READ, 'delete', 'deletecollection', 'patch', 'update'], '*', '*'),
  rule(
    ['create'],
    '',
    'configmaps',
    'endpoints',
    'events',
    'persistentvolumes',
    'pods',
    'secrets',
    'serviceaccounts',
    'serviceaccounts/token',
  ),
  rule(['create'], 'apps', 'replicasets', 'controllerrevisions'),
  rule(['create'], 'batch', 'jobs'),
  rule(['create'], 'discovery.k8s.io', 'endpointslices'),
  rule(['create'], 'events.k8s.io', 'events'),
  rule(['create'], 'coordination.k8s.io', 'leases'),
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  // The aggregation controller writes rules that it does not hold.
  rule(['escalate'], 'rbac.authorization.k8s.io', 'clusterroles'),
  paths('/api', '/api/*', '/apis', '/apis/*'),
];

const INFO = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

/** The default ClusterRoles. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings */
export const DEFAULT_ROLES: readonly DefaultRole[] = [
  { name: 'cluster-admin', rules: [rule(['*'], '*', '*'), { verbs: ['*'], nonResourceURLs: ['*'] }] },
  { name: 'admin', aggregates: `${AGGREGATE}admin` },
  { name: 'edit', aggregates: `${AGGREGATE}edit`, labels: into('admin') },
  { name: 'view', aggregates: `${AGGREGATE}view`, labels: into('edit') },
  { name: 'system:aggregate-to-admin', labels: into('admin'), rules: ADMIN },
  { name: 'system:aggregate-to-edit', labels: into('edit'), rules: EDIT },
  { name: 'system:aggregate-to-view', labels: into('view'), rules: VIEW },
  {
    name: 'system:basic-user',
    rules: [
      rule(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
      rule(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      paths('/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'),
    ],
  },
  { name: 'system:public-info-viewer', rules: [paths(...INFO)] },
  {
    name: 'system:monitoring',
    rules: [
      paths('/flagz', '/healthz', '/healthz/*', '/livez', '/livez/*', '/metrics', '/metrics/slis', '/readyz', '/readyz/*', '/statusz'),
      rule(['get'], '', 'nodes/metrics'),
    ],
  },
  {
    name: 'system:auth-delegator',
    rules: [rule(['create'], 'authentication.k8s.io', 'tokenreviews'), rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews')],
  },
  {
    name: 'system:service-account-issuer-discovery',
    rules: [paths('/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/')],
  },
  { name: 'system:node', rules: NODE },
  { name: 'system:kube-scheduler', rules: SCHEDULER },
  { name: 'system:kube-controller-manager', rules: CONTROLLERS },
];

/** The default ClusterRoleBindings. */
export const DEFAULT_BINDINGS: readonly DefaultBinding[] = [
  { name: 'cluster-admin', groups: ['system:masters'] },
  { name: 'system:basic-user', groups: ['system:authenticated'] },
  { name: 'system:discovery', groups: ['system:authenticated'] },
  { name: 'system:public-info-viewer', groups: ['system:authenticated', 'system:unauthenticated'] },
  { name: 'system:monitoring', groups: ['system:monitoring'] },
  { name: 'system:service-account-issuer-discovery', groups: ['system:serviceaccounts'] },
  { name: 'system:node', groups: ['system:nodes'] },
  { name: 'system:kube-scheduler', users: ['system:kube-scheduler', 'system:kube-controller-manager'] },
  { name: 'system:kube-controller-manager', users: ['system:kube-controller-manager'] },
];
