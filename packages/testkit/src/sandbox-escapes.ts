import { type Attempt, clusterAdmin, core, object, patch, post, RBAC, remove } from './attempt.ts';

const POD = { containers: [{ name: 'c', image: 'c' }] };
const SAFE = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const escape = (what: string, pod: object, container: object = {}): Attempt => ({
  ...post('student in the sandbox', what, core('sandbox-student', 'pods'), {
    ...object('Pod', 'v1', 'evil'),
    spec: {
      securityContext: { runAsNonRoot: true },
      ...POD,
      containers: [{ name: 'c', image: 'c', securityContext: SAFE, ...container }],
      ...pod,
    },
  }),
  because: /PodSecurity|violates|forbidden|not allowed/,
});
const context = (what: string, changes: object) => escape(what, {}, { securityContext: { ...SAFE, ...changes } });
const volume = (what: string, source: object) => escape(what, { volumes: [{ name: 'v', ...source }] });

/** Ways out of a pod that a student writes himself. */
export const ESCAPES: readonly Attempt[] = [
  context('a privileged container', { privileged: true, allowPrivilegeEscalation: true }),
  context('a container that may gain privileges', { allowPrivilegeEscalation: true }),
  context('the capability SYS_ADMIN', { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
  context('the capability NET_ADMIN', { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } }),
  context('the capability SYS_PTRACE', { capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } }),
  context('all capabilities that containers have by default', { capabilities: {} }),
  context('root in the container', { runAsUser: 0 }),
  context('a user that may be root', { runAsNonRoot: false }),
  context('no filter of system calls', { seccompProfile: { type: 'Unconfined' } }),
  context('an unmasked /proc', { procMount: 'Unmasked' }),
  context('an SELinux type that may do more', { seLinuxOptions: { type: 'spc_t' } }),
  context('an AppArmor profile that confines nothing', { appArmorProfile: { type: 'Unconfined' } }),
  volume('the root of the host', { hostPath: { path: '/' } }),
  volume('the socket of the engine', { hostPath: { path: '/run/podman/podman.sock' } }),
  volume('an NFS export of its choice', { nfs: { server: '10.0.0.1', path: '/' } }),
  escape('the network of the host', { hostNetwork: true }),
  escape('the processes of the host', { hostPID: true }),
  escape('the memory of the host', { hostIPC: true }),
  escape('a port of the host', {}, { ports: [{ containerPort: 80, hostPort: 80 }] }),
  escape('a dangerous sysctl', { securityContext: { runAsNonRoot: true, sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
  escape('a privileged init container', {
    initContainers: [{ name: 'i', image: 'i', securityContext: { ...SAFE, privileged: true, allowPrivilegeEscalation: true } }],
  }),
  escape('a process of the host, for Windows', {
    securityContext: { runAsNonRoot: true, windowsOptions: { hostProcess: true } },
    hostNetwork: true,
  }),
  post('student in the sandbox', 'opens the sandbox for privileged pods', `${RBAC}/namespaces/sandbox-student/rolebindings`, {
    ...object('RoleBinding', 'rbac.authorization.k8s.io/v1', 'evil'),
    ...clusterAdmin,
  }),
  post('student in the sandbox', 'writes a role with more than it has', `${RBAC}/namespaces/sandbox-student/roles`, {
    ...object('Role', 'rbac.authorization.k8s.io/v1', 'evil'),
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  }),
  patch('student in the sandbox', 'raises the quota of the sandbox', core('sandbox-student', 'resourcequotas/sandbox-resource-quota'), {
    spec: { hard: { 'limits.cpu': '99' } },
  }),
  remove('student in the sandbox', 'deletes the limits of the sandbox', core('sandbox-student', 'limitranges/sandbox-limit-range')),
  patch('student in the sandbox', 'takes the label of pod security away', '/api/v1/namespaces/sandbox-student', {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': null } },
  }),
];
