import { CROWNLABS_GROUP } from '@crownlabs/api';
import { type Attacker, type Attempt, clusterAdmin, core, get, object, patch, post, RBAC, remove, V1, V2 } from './attempt.ts';
import { DETOURS } from './detours.ts';
import { ESCAPES } from './sandbox-escapes.ts';

/** The victim: an instance of `mallory`'s fellow student in the course `net`. */
const THEIRS = `${V2}/namespaces/tenant-victim/instances/theirs`;
/** Another course's instance, in the namespace of a student whom the manager teaches elsewhere. */
const ELSEWHERE = `${V2}/namespaces/tenant-student/instances/elsewhere`;
const REF = 'template.crownlabs.polito.it/TemplateRef';
const TENANT = 'tenant.crownlabs.polito.it/TenantRef';

/** What nobody may change, the schema refuses: Invalid. */
const immutable = (attempt: Attempt): Attempt => ({ ...attempt, refused: [422] });

const newInstance = (of: string, owner: string, labels?: object) => ({
  ...object('Instance', `${CROWNLABS_GROUP}/v1alpha2`, 'evil'),
  metadata: { name: 'evil', ...(labels ? { labels } : {}) },
  spec: { [REF]: { name: 'desktop', namespace: `workspace-${of}` }, [TENANT]: { name: owner } },
});

const newTemplate = {
  ...object('Template', `${CROWNLABS_GROUP}/v1alpha2`, 'evil'),
  spec: {
    prettyName: 'e',
    description: 'e',
    'workspace.crownlabs.polito.it/WorkspaceRef': { name: 'net' },
    environmentList: [
      {
        name: 'evil',
        image: 'evil',
        environmentType: 'Container',
        mountMyDriveVolume: false,
        resources: { cpu: 1, memory: '1Gi', reservedCPUPercentage: 10 },
      },
    ],
  },
};

/** What nobody but administrators may do, whoever else tries. */
const forEverybody = (who: Attacker): Attempt[] => [...onPeople(who), ...onTheLab(who)];

function onPeople(who: Attacker): Attempt[] {
  return [
    get(who, 'reads all instances', `${V2}/instances`),
    get(who, 'reads the instances of another person', `${V2}/namespaces/tenant-victim/instances`),
    get(who, "reads somebody else's instance", THEIRS),
    patch(who, "stops somebody else's instance", THEIRS, { spec: { running: false } }),
    remove(who, "deletes somebody else's instance", THEIRS),
    remove(who, 'deletes all instances of another person', `${V2}/namespaces/tenant-victim/instances`),
    patch(who, "redirects somebody else's instance by its status", `${THEIRS}/status`, {
      status: { environments: [{ name: 'desktop', ip: '10.0.0.1' }] },
    }),
    patch(who, 'marks its status as Ready', `${THEIRS}/status`, { status: { phase: 'Ready' } }),
    post(who, "creates an instance in somebody else's namespace", `${V2}/namespaces/tenant-victim/instances`, newInstance('net', 'victim')),
    get(who, "reads somebody else's pods", core('tenant-victim', 'pods')),
    get(who, "reads somebody else's logs", core('tenant-victim', 'pods/theirs/log')),
    post(who, "runs a command in somebody else's pod", `${core('tenant-victim', 'pods/theirs/exec')}?command=sh`, {}),
    post(who, "connects to somebody else's pod", `${core('tenant-victim', 'pods/theirs/portforward')}?ports=6080`, {}),
    get(who, "reads somebody else's secrets", core('tenant-victim', 'secrets')),
  ];
}

function onTheLab(who: Attacker): Attempt[] {
  return [
    get(who, 'reads the secrets of the identity provider', core('crownlabs-identity', 'secrets')),
    get(who, 'reads the secrets of the system', core('crownlabs-system', 'secrets')),
    get(who, 'reads all secrets', '/api/v1/secrets'),
    post(
      who,
      'asks for a token of the operators',
      core('crownlabs-system', 'serviceaccounts/operators/token'),
      object('TokenRequest', 'authentication.k8s.io/v1', 'x'),
    ),
    post(who, 'binds itself to cluster-admin', `${RBAC}/clusterrolebindings`, {
      ...object('ClusterRoleBinding', 'rbac.authorization.k8s.io/v1', 'evil'),
      ...clusterAdmin,
    }),
    patch(who, 'widens a role of ours', `${RBAC}/clusterroles/crownlabs-view-instances`, {
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    }),
    patch(who, 'opens a namespace for privileged pods', '/api/v1/namespaces/tenant-victim', {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    }),
    remove(who, 'deletes a namespace', '/api/v1/namespaces/tenant-victim'),
    patch(who, 'raises the quota of a workspace', `${V1}/workspaces/net`, {
      spec: { quota: { cpu: 100, memory: '100Gi', instances: 100 } },
    }),
    remove(who, 'deletes a workspace', `${V1}/workspaces/net`),
    post(who, 'creates a workspace', `${V1}/workspaces`, {
      ...object('Workspace', `${CROWNLABS_GROUP}/v1alpha1`, 'evil'),
      spec: { prettyName: 'e', quota: { cpu: 1, memory: '1Gi', instances: 1 } },
    }),
    post(who, 'creates a template in a course', `${V2}/namespaces/workspace-net/templates`, newTemplate),
    patch(who, 'changes the image of a template', `${V2}/namespaces/workspace-net/templates/desktop`, { spec: { environmentList: [] } }),
    remove(who, 'deletes a template', `${V2}/namespaces/workspace-net/templates/desktop`),
    remove(who, 'deletes a tenant', `${V2}/tenants/victim`),
    remove(who, 'takes the admission away', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/crownlabs'),
    get(who, 'reads the reservations of another person', core('tenant-victim', 'configmaps')),
    remove(
      who,
      'takes the network walls away',
      '/apis/networking.k8s.io/v1/namespaces/tenant-victim/networkpolicies/crownlabs-deny-ingress-traffic',
    ),
    get(who, 'reads the volumes of everybody', core('mydrive-pvcs', 'persistentvolumeclaims')),
    get(who, 'reads the nodes', '/api/v1/nodes'),
  ];
}

const networksOf = (namespace: string) => `/apis/k8s.cni.cncf.io/v1/namespaces/${namespace}/network-attachment-definitions`;
const tenant = (who: Attacker, what: string, name: string, spec: object): Attempt => patch(who, what, `${V2}/tenants/${name}`, { spec });
const label = (who: Attacker, what: string, labels: object): Attempt => patch(who, what, `${V2}/tenants/student`, { metadata: { labels } });
const mine = `${V2}/namespaces/tenant-student/instances`;

/** What the lab has noted about an instance of his own. */
const books = (who: Attacker, what: string, annotations: object): Attempt => ({
  ...patch(who, what, `${mine}/elsewhere`, { metadata: { annotations } }),
  because: /written by the system/,
});

/** What a student may not do to what is his. */
const STUDENT: readonly Attempt[] = [
  get('student', 'reads another tenant', `${V2}/tenants/victim`),
  get('student', 'lists all tenants', `${V2}/tenants`),
  tenant('student', 'becomes manager of the course', 'student', { workspaces: [{ name: 'net', role: 'manager' }] }),
  tenant('student', 'joins a closed workspace', 'student', {
    workspaces: [
      { name: 'net', role: 'user' },
      { name: 'secret', role: 'user' },
    ],
  }),
  tenant('student', 'gives itself a personal workspace', 'student', { personalWorkspace: { cpu: 99, memory: '99Gi', instances: 99 } }),
  tenant('student', 'gives itself a sandbox', 'student', { createSandbox: false }),
  tenant('student', 'changes its address', 'student', { email: 'victim@example.org' }),
  tenant('student', 'signs in in the far future', 'student', { lastLogin: '2099-01-01T00:00:00Z' }),
  label('student', 'labels itself a manager', { 'crownlabs.polito.it/workspace-net': 'manager' }),
  label('student', 'labels itself a member of a closed workspace', { 'crownlabs.polito.it/workspace-secret': 'user' }),
  patch('student', 'removes the finalizer of its tenant', `${V2}/tenants/student`, { metadata: { finalizers: [] } }),
  patch('student', 'confirms its address by the status', `${V2}/tenants/student/status`, { status: { keycloak: { userConfirmed: true } } }),
  patch('student', 'adds a key to somebody else', `${V2}/tenants/victim`, { spec: { publicKeys: ['ssh-rsa A'] } }),
  post('student', 'puts a wire of others into its own namespace', networksOf('tenant-student'), {
    ...object('NetworkAttachmentDefinition', 'k8s.cni.cncf.io/v1', 'theirs'),
    spec: { config: '{"cniVersion": "1.0.0", "type": "bridge", "bridge": "theirs"}' },
  }),
  patch('student', 'puts its own wire where that of others is', `${networksOf('tenant-student')}/own`, { spec: { config: '{}' } }),
  post('student', 'starts a template of a closed workspace', mine, newInstance('secret', 'student')),
  post('student', "starts an instance in somebody else's name", mine, newInstance('net', 'victim')),
  post(
    'student',
    'labels an instance as of another workspace',
    mine,
    newInstance('net', 'student', { 'crownlabs.polito.it/workspace': 'secret' }),
  ),
  immutable(
    patch('student', 'points an instance at another template', `${mine}/elsewhere`, {
      spec: { [REF]: { name: 'desktop', namespace: 'workspace-secret' } },
    }),
  ),
  immutable(patch('student', 'points an instance at another tenant', `${mine}/elsewhere`, { spec: { [TENANT]: { name: 'victim' } } })),
  patch('student', 'moves an instance to another workspace by its label', `${mine}/elsewhere`, {
    metadata: { labels: { 'crownlabs.polito.it/workspace': 'secret' } },
  }),
  patch('student', "writes its own instance's status", `${mine}/elsewhere/status`, {
    status: { environments: [{ name: 'desktop', ip: '10.0.0.9' }] },
  }),
  books('student', 'pretends to have used an instance in the far future', { 'crownlabs.polito.it/last-activity': '2099-01-01T00:00:00Z' }),
  books('student', 'forgets the warnings it got', { 'crownlabs.polito.it/number-alerts-sent': '0' }),
  books('student', 'was never stopped', { 'crownlabs.polito.it/last-powered-off-timestamp': '2099-01-01T00:00:00Z' }),
  books('student', 'keeps from expiring without a link', { 'lab.crownlabs.polito.it/kept-from-expiration': '2099-01-01T00:00:00Z' }),
  books('student', 'says that the last word was sent', { 'lab.crownlabs.polito.it/expiration-mail': 'sending x 2026-01-01T00:00:00Z y' }),
  patch('student', 'goes on with an exam that is watched', `${mine}/elsewhere`, {
    metadata: { labels: { 'crownlabs.polito.it/watch-for-instance-termination': 'false' } },
  }),
  patch('student', 'says that its work was handed in', `${mine}/elsewhere`, {
    metadata: { labels: { 'crownlabs.polito.it/instance-submission-completed': 'true' } },
  }),
  patch('student', 'asks somebody else when its exam ends', `${mine}/elsewhere`, { spec: { statusCheckUrl: 'https://evil.example.org/' } }),
  patch('student', 'asks nobody when its exam ends', `${mine}/elsewhere`, { spec: { statusCheckUrl: null } }),
  patch('student', 'raises its own quota', core('tenant-student', 'resourcequotas/crownlabs-resource-quota'), {
    spec: { hard: { 'limits.cpu': '99' } },
  }),
  remove('student', 'deletes its own quota', core('tenant-student', 'resourcequotas/crownlabs-resource-quota')),
  patch('student', 'empties the ledger of its reservations', core('tenant-student', 'configmaps/crownlabs-quota-net'), { data: null }),
  remove(
    'student',
    'takes its own network walls away',
    '/apis/networking.k8s.io/v1/namespaces/tenant-student/networkpolicies/crownlabs-deny-ingress-traffic',
  ),
  post(
    'student',
    'creates a pod of its own beside its instances',
    core('tenant-student', 'pods'),
    object('Pod', 'v1', 'evil', { spec: { containers: [{ name: 'e', image: 'e' }] } }),
  ),
  patch('student', 'changes the image of its deployment', '/apis/apps/v1/namespaces/tenant-student/deployments/elsewhere-desktop', {
    spec: { template: { spec: { containers: [] } } },
  }),
  get('student', 'reads its own secrets', core('tenant-student', 'secrets')),
  post('student', 'hands its rights to a friend', `${RBAC}/namespaces/tenant-student/rolebindings`, {
    ...object('RoleBinding', 'rbac.authorization.k8s.io/v1', 'evil'),
    ...clusterAdmin,
  }),
  patch('student', 'opens its namespace to another selector', '/api/v1/namespaces/tenant-student', {
    metadata: { labels: { 'crownlabs.polito.it/type': 'sandbox' } },
  }),
];

/** A manager of another workspace, and the instances of another course in a namespace where he has some of his own. */
const MANAGER = 'manager of another workspace';
const MANAGERS: readonly Attempt[] = [
  get(MANAGER, "reads another course's instance beside one of his own", ELSEWHERE),
  patch(MANAGER, "stops another course's instance", ELSEWHERE, { spec: { running: false } }),
  remove(MANAGER, "deletes another course's instance", ELSEWHERE),
  patch(MANAGER, "makes another course's instance his by its label", ELSEWHERE, {
    metadata: { labels: { 'crownlabs.polito.it/workspace': 'art' } },
  }),
  get(MANAGER, 'lists all instances of a student of his', mine),
  get(MANAGER, 'watches all instances of a student of his', `${mine}?watch=true`),
  remove(MANAGER, 'deletes all instances of a student of his', mine),
  get(MANAGER, "opens another course's desktop", `${ELSEWHERE}/view`),
  get(MANAGER, "controls another course's desktop", `${ELSEWHERE}/control`),
  get(MANAGER, "opens another course's terminal", `${ELSEWHERE}/terminal`),
  get(MANAGER, 'reads the templates of another course', `${V2}/namespaces/workspace-secret/templates`),
  get(MANAGER, 'reads the shared volumes of another course', `${V2}/namespaces/workspace-secret/sharedvolumes`),
  tenant(MANAGER, 'adds a student to another course', 'student', {
    workspaces: [
      { name: 'net', role: 'user' },
      { name: 'art', role: 'user' },
      { name: 'secret', role: 'user' },
    ],
  }),
  tenant(MANAGER, 'removes a student from another course', 'student', { workspaces: [{ name: 'art', role: 'user' }] }),
  tenant(MANAGER, 'promotes a student in another course', 'student', {
    workspaces: [
      { name: 'net', role: 'manager' },
      { name: 'art', role: 'user' },
    ],
  }),
  tenant(MANAGER, 'makes himself manager of another course', 'artist', {
    workspaces: [
      { name: 'art', role: 'manager' },
      { name: 'net', role: 'manager' },
    ],
  }),
  tenant(MANAGER, "changes a student's address", 'student', { email: 'evil@example.org' }),
  tenant(MANAGER, 'adds a key for a student', 'student', { publicKeys: ['ssh-ed25519 AAAA evil'] }),
  tenant(MANAGER, 'gives a student a personal workspace', 'student', { personalWorkspace: { cpu: 99, memory: '99Gi', instances: 99 } }),
  patch(MANAGER, 'labels a student a manager', `${V2}/tenants/student`, {
    metadata: { labels: { 'crownlabs.polito.it/workspace-art': 'manager' } },
  }),
  post(MANAGER, 'creates a tenant for another course', `${V2}/tenants`, {
    ...object('Tenant', `${CROWNLABS_GROUP}/v1alpha2`, 'evil'),
    spec: { firstName: 'e', lastName: 'e', email: 'e@example.org', workspaces: [{ name: 'net', role: 'user' }] },
  }),
  post(MANAGER, 'starts an instance for a student', mine, newInstance('art', 'student')),
  post(MANAGER, 'starts a template of another course', `${V2}/namespaces/tenant-artist/instances`, newInstance('net', 'artist')),
];

/** All attempts. Not one may succeed. */
export const ATTEMPTS: readonly Attempt[] = [
  ...forEverybody('student'),
  ...STUDENT,
  ...forEverybody(MANAGER),
  ...MANAGERS,
  ...forEverybody('anonymous').map((it) => ({ ...it, refused: [401, 403] })),
  ...ESCAPES,
  ...DETOURS,
];
