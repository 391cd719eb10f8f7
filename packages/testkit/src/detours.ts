import { CROWNLABS_GROUP } from '@crownlabs/api';
import { type Attempt, core, object, patch, post, RBAC, V1, V2 } from './attempt.ts';

// Round the rules instead of through them: other verbs, other forms of a write, names that are nearly somebody's, figures below nothing.

const MANAGER = 'manager of another workspace';
const SANDBOX = 'student in the sandbox';
const mine = `${V2}/namespaces/tenant-student/instances`;
const lab = (kind: string, name: string, rest: object) => object(kind, `${CROWNLABS_GROUP}/v1alpha2`, name, rest);
const because = (attempt: Attempt, words: RegExp, ...refused: number[]): Attempt => ({
  ...attempt,
  because: words,
  ...(refused.length > 0 ? { refused } : {}),
});

const asOperators = '?fieldManager=operators&force=true';
const elsewhere = (rest: object) => lab('Instance', 'elsewhere', rest);
const snapshot = (name: string, namespace: string) =>
  lab('InstanceSnapshot', 'evil', { spec: { instanceRef: { name, namespace }, imageName: 'evil' } });

const BY_OTHER_WRITES: readonly Attempt[] = [
  {
    ...patch('student', "writes its instance's status by server-side apply, as the operators", `${mine}/elsewhere/status${asOperators}`, {
      ...elsewhere({ status: { phase: 'Ready', environments: [{ name: 'desktop', ip: '10.0.0.9' }] } }),
    }),
    patchType: 'application/apply-patch+yaml',
  },
  because(
    {
      ...patch('student', 'moves an instance by server-side apply, as the operators', `${mine}/elsewhere${asOperators}`, {
        ...elsewhere({}),
        metadata: { name: 'elsewhere', labels: { 'crownlabs.polito.it/workspace': 'art' } },
      }),
      patchType: 'application/apply-patch+yaml',
    },
    /set by the system/,
  ),
  because(
    {
      ...patch('student', 'points an instance elsewhere by a JSON patch', `${mine}/elsewhere`, [
        { op: 'replace', path: '/spec/template.crownlabs.polito.it~1TemplateRef/namespace', value: 'workspace-secret' },
      ]),
      patchType: 'application/json-patch+json',
    },
    /cannot be changed/,
    422,
  ),
  because(
    {
      ...patch('student', 'takes the owner out of an instance', `${mine}/elsewhere`, [
        { op: 'remove', path: '/spec/tenant.crownlabs.polito.it~1TenantRef' },
      ]),
      patchType: 'application/json-patch+json',
    },
    /Required value/,
    422,
  ),
  patch('student', 'scales its deployment', '/apis/apps/v1/namespaces/tenant-student/deployments/elsewhere-desktop/scale', {
    spec: { replicas: 9 },
  }),
  patch(
    'student',
    "switches somebody else's instance by its virtual subresource",
    `${V2}/namespaces/tenant-victim/instances/theirs/power`,
    {},
  ),
  because(
    patch('student', 'gives its tenant an owner', `${V2}/tenants/student`, {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }] },
    }),
    /set by the system/,
  ),
  because(
    patch('student', 'is in a course twice, once as its manager', `${V2}/tenants/student`, {
      spec: {
        workspaces: [
          { name: 'net', role: 'user' },
          { name: 'art', role: 'user' },
          { name: 'net', role: 'manager' },
        ],
      },
    }),
    /Duplicate value/,
    422,
  ),
  post(
    'student',
    "makes an image of somebody else's disk",
    `${V2}/namespaces/tenant-student/instancesnapshots`,
    snapshot('theirs', 'tenant-victim'),
  ),
  post(
    'student',
    'gives a course a volume',
    `${V2}/namespaces/workspace-net/sharedvolumes`,
    lab('SharedVolume', 'evil', { spec: { prettyName: 'e', size: '1Gi' } }),
  ),
  post(
    'student',
    'says which images there are',
    `${V1}/imagelists`,
    object('ImageList', `${CROWNLABS_GROUP}/v1alpha1`, 'evil', { spec: { registryName: 'e', images: [] } }),
  ),
  post(
    'student',
    'asks whose a token is',
    '/apis/authentication.k8s.io/v1/tokenreviews',
    object('TokenReview', 'authentication.k8s.io/v1', '', { spec: { token: 't' } }),
  ),
  post(
    'student',
    'asks for a certificate of an administrator',
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    object('CertificateSigningRequest', 'certificates.k8s.io/v1', 'evil', {
      spec: { request: 'bm9uZQ==', signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    }),
  ),
];

const person = (name: string) =>
  lab('Tenant', name, { spec: { firstName: 'e', lastName: 'e', email: 'e@example.org', workspaces: [{ name: 'art', role: 'user' }] } });
const greedy = (what: string, resources: object) =>
  because(
    post(MANAGER, what, `${V2}/namespaces/workspace-art/templates`, {
      ...lab('Template', 'evil', {
        spec: {
          prettyName: 'e',
          'workspace.crownlabs.polito.it/WorkspaceRef': { name: 'art' },
          environmentList: [
            {
              name: 'evil',
              image: 'evil',
              environmentType: 'Container',
              resources: { cpu: 1, memory: '1Gi', reservedCPUPercentage: 10, ...resources },
            },
          ],
        },
      }),
    }),
    /resources/,
    422,
  );

const BY_NAMES_AND_FIGURES: readonly Attempt[] = [
  because(
    post(MANAGER, "makes a tenant whose name is nearly somebody else's", `${V2}/tenants`, person('ada-lovelace')),
    /personal space of ada\.lovelace/,
  ),
  because(post(MANAGER, 'makes the tenant whose the exams are', `${V2}/tenants`, person('service-tenant')), /administrators/),
  because(
    patch(MANAGER, "throws a student's files away", `${V2}/tenants/student`, {
      metadata: { annotations: { 'lab.crownlabs.polito.it/delete-drive': 'true' } },
    }),
    /what others wrote/,
  ),
  because(
    post(
      MANAGER,
      "makes an image of somebody else's disk for its course",
      `${V2}/namespaces/workspace-art/instancesnapshots`,
      snapshot('theirs', 'tenant-victim'),
    ),
    /that you may make an image of/,
  ),
  because(
    post(
      MANAGER,
      "makes an image of its student's disk of another course",
      `${V2}/namespaces/workspace-art/instancesnapshots`,
      snapshot('elsewhere', 'tenant-student'),
    ),
    /that you may make an image of/,
  ),
  greedy('asks for memory below nothing', { memory: '-95Gi' }),
  greedy('asks for no memory, which is all there is', { memory: '0' }),
  greedy('asks for more memory than can be written down', { memory: '1e99999999' }),
  greedy('asks for devices below nothing', { otherResources: { 'nvidia.com/gpu': '-8' } }),
  greedy('asks for a disk below nothing', { disk: '-1Gi' }),
];

const PORT = { ports: [{ port: 80 }], selector: { app: 'e' } };
const service = (what: string, spec: object, annotations: object = {}) =>
  because(
    post(SANDBOX, what, core('sandbox-student', 'services'), {
      ...object('Service', 'v1', 'evil'),
      metadata: { name: 'evil', annotations },
      spec: { ...PORT, ...spec },
    }),
    /crownlabs-sandbox-services/,
  );
const ingress = (what: string, spec: object) =>
  because(
    post(
      SANDBOX,
      what,
      '/apis/networking.k8s.io/v1/namespaces/sandbox-student/ingresses',
      object('Ingress', 'networking.k8s.io/v1', 'evil', { spec }),
    ),
    /crownlabs-sandbox-ingresses/,
  );
const backend = { service: { name: 'e', port: { number: 80 } } };
const at = (host?: string) => ({ ...(host === undefined ? {} : { host }), http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } });

const OUT_OF_THE_SANDBOX: readonly Attempt[] = [
  service(
    "takes somebody's public address",
    { type: 'LoadBalancer' },
    {
      'metallb.universe.tf/loadBalancerIPs': '203.0.113.1',
      'metallb.universe.tf/allow-shared-ip': 'pe',
    },
  ),
  service('takes a port of every node', { type: 'NodePort' }),
  service('catches what is meant for another address', { externalIPs: ['10.0.0.1'] }),
  service('stands for a name inside the cluster', { type: 'ExternalName', externalName: 'kubernetes.default.svc' }),
  ingress("answers for the product's host", { rules: [at('lab.example.org')] }),
  ingress('answers for every host', { rules: [at()] }),
  ingress('answers for all hosts below a name', { rules: [at('*.example.org')] }),
  ingress('answers for whatever nobody answers for', { defaultBackend: backend }),
  ingress("has a certificate for the product's host", {
    rules: [at('student.sandbox.example.org')],
    tls: [{ hosts: ['lab.example.org'], secretName: 'e' }],
  }),
  because(
    post(SANDBOX, 'pushes the pods of others off the node', core('sandbox-student', 'pods'), {
      ...object('Pod', 'v1', 'evil'),
      spec: {
        priorityClassName: 'system-node-critical',
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{ name: 'c', image: 'c', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
      },
    }),
    /crownlabs-sandbox-pods/,
  ),
  post(SANDBOX, 'acts as the operators in its sandbox', `${RBAC}/namespaces/sandbox-student/rolebindings`, {
    ...object('RoleBinding', 'rbac.authorization.k8s.io/v1', 'evil'),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'crownlabs-operators' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'student' }],
  }),
  post(
    SANDBOX,
    'asks for a token of an account',
    core('sandbox-student', 'serviceaccounts/default/token'),
    object('TokenRequest', 'authentication.k8s.io/v1', 'x'),
  ),
  patch(SANDBOX, 'says where its pod is', core('sandbox-student', 'pods/good/status'), { status: { podIP: '10.0.0.9' } }),
  patch(SANDBOX, 'puts a container into a pod that runs', core('sandbox-student', 'pods/good/ephemeralcontainers'), { spec: {} }),
];

/** Ways round the rules. */
export const DETOURS: readonly Attempt[] = [...BY_OTHER_WRITES, ...BY_NAMES_AND_FIGURES, ...OUT_OF_THE_SANDBOX];
