import type { NameRule, Subresource } from '../resource.ts';

/** What is said of a built-in kind as data; behaviour is its strategy's part. */
export interface KindRow {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly definition: string;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: true;
  readonly verbs?: readonly string[];
  readonly subresources?: Readonly<Record<string, Subresource>>;
  /** `metadata.generation` counts: what part of the object (kubernetes-api.md D3). */
  readonly generation?: 'spec' | 'all-but-metadata';
  /** PUT needs a resourceVersion (E2). */
  readonly strictUpdate?: true;
  readonly createOnUpdate?: true;
  readonly deleteReturnsObject?: true;
  readonly propagation?: 'Orphan' | 'None';
  readonly nameRule?: NameRule;
  /** Told with every answer. */
  readonly deprecation?: string;
  /** Objects of several versions or groups in one place. */
  readonly storage?: { readonly group: string; readonly plural: string; readonly version: string };
}

type Traits = Omit<KindRow, 'group' | 'version' | 'kind' | 'plural' | 'definition'>;
type Entry = readonly [kind: string, plural: string, traits?: Traits];

const READ_WRITE: Subresource = { verbs: ['get', 'patch', 'update'] };
const status = { status: READ_WRITE };
const scale = (selector: string): Subresource => ({
  verbs: ['get', 'patch', 'update'],
  kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', selector },
});
const body = (group: string, version: string, kind: string): Subresource => ({ verbs: ['create'], kind: { group, version, kind } });
const options = (kind: string, verbs: readonly string[]): Subresource => ({ verbs, kind: { group: '', version: 'v1', kind } });
const PROXY_VERBS = ['create', 'delete', 'get', 'patch', 'update'];
const CREATE = { verbs: ['create'] };
const ALL = { categories: ['all'] };
const EXTENSION = { categories: ['api-extensions'], cluster: true, strictUpdate: true } as const;
const CLUSTER = { cluster: true } as const;

const ENDPOINTS_DEPRECATION = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';

const CORE: readonly Entry[] = [
  ['Binding', 'bindings', CREATE],
  ['ConfigMap', 'configmaps', { short: ['cm'] }],
  ['Endpoints', 'endpoints', { short: ['ep'], createOnUpdate: true, deprecation: ENDPOINTS_DEPRECATION }],
  ['Event', 'events', { short: ['ev'], createOnUpdate: true, propagation: 'None', nameRule: 'path-segment' }],
  ['LimitRange', 'limitranges', { short: ['limits'], createOnUpdate: true }],
  [
    'Namespace',
    'namespaces',
    {
      short: ['ns'],
      cluster: true,
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      subresources: { ...status, finalize: { verbs: ['update'] } },
      deleteReturnsObject: true,
      nameRule: 'dns-label',
    },
  ],
  ['Node', 'nodes', { short: ['no'], cluster: true, subresources: { ...status, proxy: options('NodeProxyOptions', PROXY_VERBS) } }],
  ['PersistentVolumeClaim', 'persistentvolumeclaims', { short: ['pvc'], subresources: status, deleteReturnsObject: true }],
  ['PersistentVolume', 'persistentvolumes', { short: ['pv'], cluster: true, subresources: status, deleteReturnsObject: true }],
  [
    'Pod',
    'pods',
    {
      short: ['po'],
      ...ALL,
      deleteReturnsObject: true,
      generation: 'spec',
      subresources: {
        ...status,
        attach: options('PodAttachOptions', ['create', 'get']),
        binding: options('Binding', ['create']),
        ephemeralcontainers: READ_WRITE,
        eviction: body('policy', 'v1', 'Eviction'),
        exec: options('PodExecOptions', ['create', 'get']),
        log: { verbs: ['get'] },
        portforward: options('PodPortForwardOptions', ['create', 'get']),
        proxy: options('PodProxyOptions', PROXY_VERBS),
        resize: READ_WRITE,
      },
    },
  ],
  ['PodTemplate', 'podtemplates', { deleteReturnsObject: true, generation: 'all-but-metadata' }],
  [
    'ReplicationController',
    'replicationcontrollers',
    { short: ['rc'], ...ALL, generation: 'spec', propagation: 'Orphan', subresources: { ...status, scale: scale('.spec.selector') } },
  ],
  ['ResourceQuota', 'resourcequotas', { short: ['quota'], subresources: status, deleteReturnsObject: true }],
  ['Secret', 'secrets', {}],
  [
    'ServiceAccount',
    'serviceaccounts',
    { short: ['sa'], subresources: { token: body('authentication.k8s.io', 'v1', 'TokenRequest') }, deleteReturnsObject: true },
  ],
  [
    'Service',
    'services',
    {
      short: ['svc'],
      ...ALL,
      createOnUpdate: true,
      deleteReturnsObject: true,
      nameRule: 'dns-label',
      subresources: { ...status, proxy: options('ServiceProxyOptions', PROXY_VERBS) },
    },
  ],
];

const APPS: readonly Entry[] = [
  ['ControllerRevision', 'controllerrevisions'],
  ['DaemonSet', 'daemonsets', { short: ['ds'], ...ALL, generation: 'spec', subresources: status }],
  [
    'Deployment',
    'deployments',
    { short: ['deploy'], ...ALL, generation: 'spec', subresources: { ...status, scale: scale('.spec.selector') } },
  ],
  ['ReplicaSet', 'replicasets', { short: ['rs'], ...ALL, generation: 'spec', subresources: { ...status, scale: scale('.spec.selector') } }],
  [
    'StatefulSet',
    'statefulsets',
    { short: ['sts'], ...ALL, generation: 'spec', subresources: { ...status, scale: scale('.spec.selector') }, nameRule: 'dns-label' },
  ],
];

const BATCH: readonly Entry[] = [
  ['CronJob', 'cronjobs', { short: ['cj'], ...ALL, generation: 'spec', subresources: status }],
  ['Job', 'jobs', { ...ALL, generation: 'spec', propagation: 'Orphan', subresources: status }],
];

const NETWORKING: readonly Entry[] = [
  ['IngressClass', 'ingressclasses', { cluster: true, generation: 'spec' }],
  ['Ingress', 'ingresses', { short: ['ing'], generation: 'spec', subresources: status }],
  ['NetworkPolicy', 'networkpolicies', { short: ['netpol'], generation: 'spec' }],
];

const RBAC: readonly Entry[] = [
  ['ClusterRoleBinding', 'clusterrolebindings', { cluster: true, createOnUpdate: true, nameRule: 'path-segment' }],
  ['ClusterRole', 'clusterroles', { cluster: true, createOnUpdate: true, nameRule: 'path-segment' }],
  ['RoleBinding', 'rolebindings', { createOnUpdate: true, nameRule: 'path-segment' }],
  ['Role', 'roles', { createOnUpdate: true, nameRule: 'path-segment' }],
];

const STORAGE: readonly Entry[] = [
  ['CSIDriver', 'csidrivers', { cluster: true, generation: 'spec', strictUpdate: true, deleteReturnsObject: true }],
  ['CSINode', 'csinodes', { cluster: true, strictUpdate: true, deleteReturnsObject: true }],
  ['CSIStorageCapacity', 'csistoragecapacities'],
  ['StorageClass', 'storageclasses', { short: ['sc'], cluster: true, deleteReturnsObject: true }],
  [
    'VolumeAttachment',
    'volumeattachments',
    { cluster: true, generation: 'spec', strictUpdate: true, deleteReturnsObject: true, subresources: status },
  ],
  ['VolumeAttributesClass', 'volumeattributesclasses', { short: ['vac'], cluster: true, deleteReturnsObject: true }],
];

const ADMISSION: readonly Entry[] = [
  ['MutatingAdmissionPolicy', 'mutatingadmissionpolicies', { ...EXTENSION, generation: 'spec' }],
  ['MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings', { ...EXTENSION, generation: 'spec' }],
  ['MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', { ...EXTENSION, generation: 'all-but-metadata' }],
  ['ValidatingAdmissionPolicy', 'validatingadmissionpolicies', { ...EXTENSION, generation: 'spec', subresources: status }],
  ['ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings', { ...EXTENSION, generation: 'spec' }],
  ['ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', { ...EXTENSION, generation: 'all-but-metadata' }],
];

const EVENTS_STORE = { group: '', plural: 'events', version: 'v1' };
const HPA_STORE = { group: 'autoscaling', plural: 'horizontalpodautoscalers', version: 'v2' };
const HPA: Entry = [
  'HorizontalPodAutoscaler',
  'horizontalpodautoscalers',
  { short: ['hpa'], ...ALL, subresources: status, storage: HPA_STORE },
];

/** Group, version, package of the definitions, kinds: in the order of discovery. */
const CATALOG: readonly (readonly [group: string, version: string, definitions: string, kinds: readonly Entry[]])[] = [
  ['', 'v1', 'io.k8s.api.core.v1', CORE],
  [
    'apiregistration.k8s.io',
    'v1',
    'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1',
    [['APIService', 'apiservices', { ...EXTENSION, subresources: status, nameRule: 'path-segment' }]],
  ],
  ['apps', 'v1', 'io.k8s.api.apps.v1', APPS],
  [
    'events.k8s.io',
    'v1',
    'io.k8s.api.events.v1',
    [['Event', 'events', { short: ['ev'], createOnUpdate: true, propagation: 'None', storage: EVENTS_STORE }]],
  ],
  [
    'authentication.k8s.io',
    'v1',
    'io.k8s.api.authentication.v1',
    [
      ['SelfSubjectReview', 'selfsubjectreviews', { ...CREATE, cluster: true }],
      ['TokenReview', 'tokenreviews', { ...CREATE, cluster: true }],
    ],
  ],
  [
    'authorization.k8s.io',
    'v1',
    'io.k8s.api.authorization.v1',
    [
      ['LocalSubjectAccessReview', 'localsubjectaccessreviews', CREATE],
      ['SelfSubjectAccessReview', 'selfsubjectaccessreviews', { ...CREATE, cluster: true }],
      ['SelfSubjectRulesReview', 'selfsubjectrulesreviews', { ...CREATE, cluster: true }],
      ['SubjectAccessReview', 'subjectaccessreviews', { ...CREATE, cluster: true }],
    ],
  ],
  ['autoscaling', 'v2', 'io.k8s.api.autoscaling.v2', [HPA]],
  ['autoscaling', 'v1', 'io.k8s.api.autoscaling.v1', [HPA]],
  ['batch', 'v1', 'io.k8s.api.batch.v1', BATCH],
  [
    'certificates.k8s.io',
    'v1',
    'io.k8s.api.certificates.v1',
    [
      [
        'CertificateSigningRequest',
        'certificatesigningrequests',
        { short: ['csr'], cluster: true, subresources: { ...status, approval: READ_WRITE } },
      ],
    ],
  ],
  ['networking.k8s.io', 'v1', 'io.k8s.api.networking.v1', NETWORKING],
  [
    'policy',
    'v1',
    'io.k8s.api.policy.v1',
    [['PodDisruptionBudget', 'poddisruptionbudgets', { short: ['pdb'], generation: 'spec', strictUpdate: true, subresources: status }]],
  ],
  ['rbac.authorization.k8s.io', 'v1', 'io.k8s.api.rbac.v1', RBAC],
  ['storage.k8s.io', 'v1', 'io.k8s.api.storage.v1', STORAGE],
  ['admissionregistration.k8s.io', 'v1', 'io.k8s.api.admissionregistration.v1', ADMISSION],
  [
    'apiextensions.k8s.io',
    'v1',
    'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
    [
      [
        'CustomResourceDefinition',
        'customresourcedefinitions',
        { ...EXTENSION, short: ['crd', 'crds'], generation: 'spec', subresources: status },
      ],
    ],
  ],
  ['scheduling.k8s.io', 'v1', 'io.k8s.api.scheduling.v1', [['PriorityClass', 'priorityclasses', { short: ['pc'], cluster: true }]]],
  ['coordination.k8s.io', 'v1', 'io.k8s.api.coordination.v1', [['Lease', 'leases', { createOnUpdate: true, strictUpdate: true }]]],
  [
    'node.k8s.io',
    'v1',
    'io.k8s.api.node.v1',
    [['RuntimeClass', 'runtimeclasses', { ...CLUSTER, createOnUpdate: true, strictUpdate: true }]],
  ],
  ['discovery.k8s.io', 'v1', 'io.k8s.api.discovery.v1', [['EndpointSlice', 'endpointslices', { generation: 'all-but-metadata' }]]],
];

/** Every built-in kind, in the order of discovery. */
export function kindRows(): KindRow[] {
  return CATALOG.flatMap(([group, version, definitions, kinds]) =>
    kinds.map(([kind, plural, traits]) => ({ group, version, kind, plural, definition: `${definitions}.${kind}`, ...traits })),
  );
}
