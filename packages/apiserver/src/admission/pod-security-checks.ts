import type { JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from '../json-read.ts';

/** A pod's spec, split into what the checks look at. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: JsonObject;
  /** Containers of all three lists. */
  readonly containers: readonly JsonObject[];
}

/** What a check found: what is forbidden, and where. */
interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** One rule of the Pod Security Standards. https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type PodCheck = (pod: CheckedPod) => Violation | undefined;

/** Looks at the pod of `spec`. */
export function checkedPod(spec: JsonObject, annotations: Readonly<Record<string, string>>): CheckedPod {
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) => objectsAt(spec, list));
  return { annotations, spec, containers };
}

const words = (text: string) => new Set(text.split(' '));
const DEFAULT_CAPABILITIES = words(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT',
);
const SAFE_SYSCTLS = words(
  'kernel.shm_rmid_forced net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range ' +
    'net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time ' +
    'net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem net.ipv4.tcp_wmem',
);
const SAFE_SELINUX_TYPES = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);
const RESTRICTED_VOLUMES = words('configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret');

const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(', ');
const plural = (noun: string, names: readonly string[]) => `${noun}${names.length === 1 ? '' : 's'} ${quoted(names)}`;
const security = (container: JsonObject) => objectAt(container, 'securityContext');

/** A check that names the containers for which `bad` holds; `detail` follows their names. */
function perContainer(reason: string, bad: (container: JsonObject) => boolean, detail: string): PodCheck {
  return ({ containers }) => {
    const names = containers.filter(bad).map((container) => textAt(container, 'name'));
    return names.length > 0 ? { reason, detail: `${plural('container', names)} ${detail}` } : undefined;
  };
}

const hostNamespaces: PodCheck = ({ spec }) => {
  const used = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true);
  return used.length > 0 ? { reason: 'host namespaces', detail: used.map((field) => `${field}=true`).join(', ') } : undefined;
};

const privileged = perContainer(
  'privileged',
  (container) => valueAt(container, 'securityContext', 'privileged') === true,
  'must not set securityContext.privileged=true',
);

const addedCapabilities =
  (reason: string, allowed: ReadonlySet<string>): PodCheck =>
  ({ containers }) => {
    const extra = (container: JsonObject) =>
      textsAt(container, 'securityContext', 'capabilities', 'add').filter((name) => !allowed.has(name));
    const bad = containers.filter((container) => extra(container).length > 0);
    if (bad.length === 0) return undefined;
    const names = bad.map((container) => textAt(container, 'name'));
    const capabilities = [...new Set(bad.flatMap(extra))].toSorted();
    return { reason, detail: `${plural('container', names)} must not include ${quoted(capabilities)} in securityContext.capabilities.add` };
  };

const hostPathVolumes: PodCheck = ({ spec }) => {
  const names = objectsAt(spec, 'volumes')
    .filter((volume) => volume['hostPath'] !== undefined)
    .map((volume) => textAt(volume, 'name'));
  return names.length > 0 ? { reason: 'hostPath volumes', detail: plural('volume', names) } : undefined;
};

const hostPorts: PodCheck = ({ containers }) => {
  const portsOf = (container: JsonObject) => objectsAt(container, 'ports').flatMap((port) => numberAt(port, 'hostPort') || []);
  const bad = containers.filter((container) => portsOf(container).length > 0);
  if (bad.length === 0) return undefined;
  const ports = [...new Set(bad.flatMap(portsOf))].toSorted((a, b) => a - b);
  const names = bad.map((container) => textAt(container, 'name'));
  const verb = names.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${plural('container', names)} ${verb} hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}`,
  };
};

/** Who of a pod and its containers, in words; nothing where it is nobody. */
function settersOf({ spec, containers }: CheckedPod, isBad: (it: JsonObject) => boolean): string[] {
  const names = containers.filter(isBad).map((container) => textAt(container, 'name'));
  return [...(isBad(spec) ? ['pod'] : []), ...(names.length > 0 ? [plural('container', names)] : [])];
}

const appArmor: PodCheck = (pod) => {
  const legacy = Object.entries(pod.annotations)
    .filter(
      ([key, value]) =>
        key.startsWith('container.apparmor.security.beta.kubernetes.io/') && !/^(|runtime\/default|localhost\/.*)$/.test(value),
    )
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted();
  const typeOf = (it: JsonObject) => textAt(it, 'securityContext', 'appArmorProfile', 'type');
  const isBad = (it: JsonObject) => !['', 'RuntimeDefault', 'Localhost'].includes(typeOf(it));
  const who = [...settersOf(pod, isBad), ...(legacy.length > 0 ? [legacy.length === 1 ? 'annotation' : 'annotations'] : [])];
  if (who.length === 0) return undefined;
  const types = [...new Set([pod.spec, ...pod.containers].filter(isBad).map(typeOf))].toSorted();
  const values = [...types, ...legacy];
  return {
    reason: `forbidden AppArmor profile${values.length === 1 ? '' : 's'}`,
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  };
};

/** Probes and handlers that ask another host than the pod itself. */
const hostProbes: PodCheck = ({ containers }) => {
  const asks = (container: JsonObject) =>
    [['livenessProbe'], ['readinessProbe'], ['startupProbe'], ['lifecycle', 'postStart'], ['lifecycle', 'preStop']]
      .flatMap((path) => ['httpGet', 'tcpSocket'].map((action) => textAt(container, ...path, action, 'host')))
      .filter((host) => host !== '');
  const bad = containers.filter((container) => asks(container).length > 0);
  if (bad.length === 0) return undefined;
  const names = [...new Set(bad.map((container) => textAt(container, 'name')))].toSorted();
  const hosts = [...new Set(bad.flatMap(asks))].toSorted();
  const verb = names.length === 1 ? 'uses' : 'use';
  return {
    reason: 'probe or lifecycle host',
    detail: `${plural('container', names)} ${verb} probe or lifecycle host${hosts.length === 1 ? '' : 's'} ${quoted(hosts)}`,
  };
};

const seLinux: PodCheck = (pod) => {
  const { spec, containers } = pod;
  const optionsOf = (it: JsonObject) => objectAt(it, 'securityContext', 'seLinuxOptions');
  const isWrong = (it: JsonObject) =>
    !SAFE_SELINUX_TYPES.has(textAt(optionsOf(it), 'type')) || ['user', 'role'].some((field) => textAt(optionsOf(it), field) !== '');
  const who = settersOf(pod, isWrong);
  if (who.length === 0) return undefined;
  const all = [spec, ...containers].map(optionsOf);
  const types = [...new Set(all.map((options) => textAt(options, 'type')))].filter((type) => !SAFE_SELINUX_TYPES.has(type)).toSorted();
  const fields = ['user', 'role'].filter((field) => all.some((options) => textAt(options, field) !== ''));
  const what = [...(types.length > 0 ? [plural('type', types)] : []), ...fields.map((field) => `${field} may not be set`)];
  return { reason: 'seLinuxOptions', detail: `${who.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}` };
};

const procMount: PodCheck = ({ containers }) => {
  const mountOf = (container: JsonObject) => textAt(container, 'securityContext', 'procMount');
  const bad = containers.filter((container) => !['', 'Default'].includes(mountOf(container)));
  if (bad.length === 0) return undefined;
  const names = bad.map((container) => textAt(container, 'name'));
  const detail = `${plural('container', names)} must not set securityContext.procMount to ${quoted([...new Set(bad.map(mountOf))].toSorted())}`;
  return { reason: 'procMount', detail };
};

/** Who is somebody else outside of the pod may be more inside. */
const withinHostUsers =
  (check: PodCheck): PodCheck =>
  (pod) =>
    pod.spec['hostUsers'] === false ? undefined : check(pod);

const seccompUnconfined: PodCheck = (pod) => {
  const who = settersOf(pod, (it) => textAt(it, 'securityContext', 'seccompProfile', 'type') === 'Unconfined');
  const detail = `${who.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined"`;
  return who.length > 0 ? { reason: 'seccompProfile', detail } : undefined;
};

const sysctls: PodCheck = ({ spec }) => {
  const bad = objectsAt(spec, 'securityContext', 'sysctls')
    .map((one) => textAt(one, 'name'))
    .filter((name) => !SAFE_SYSCTLS.has(name));
  return bad.length > 0 ? { reason: 'forbidden sysctls', detail: bad.join(', ') } : undefined;
};

const hostProcess: PodCheck = (pod) => {
  const who = settersOf(pod, (it) => valueAt(it, 'securityContext', 'windowsOptions', 'hostProcess') === true);
  const detail = `${who.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`;
  return who.length > 0 ? { reason: 'hostProcess', detail } : undefined;
};

const restrictedVolumes: PodCheck = ({ spec }) => {
  const bad = objectsAt(spec, 'volumes').flatMap((volume) => {
    const type = Object.keys(volume).find((key) => key !== 'name' && !RESTRICTED_VOLUMES.has(key));
    return type ? [{ name: textAt(volume, 'name'), type }] : [];
  });
  if (bad.length === 0) return undefined;
  const types = [...new Set(bad.map(({ type }) => type))];
  const names = plural(
    'volume',
    bad.map(({ name }) => name),
  );
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'restricted volume types',
    detail: `${names} ${verb} restricted volume type${types.length === 1 ? '' : 's'} ${quoted(types)}`,
  };
};

const allowsEscalation = perContainer(
  'allowPrivilegeEscalation != false',
  (container) => valueAt(security(container), 'allowPrivilegeEscalation') !== false,
  'must set securityContext.allowPrivilegeEscalation=false',
);

const keepsCapabilities = perContainer(
  'unrestricted capabilities',
  (container) => !textsAt(security(container), 'capabilities', 'drop').includes('ALL'),
  'must set securityContext.capabilities.drop=["ALL"]',
);

const runsAsRoot: PodCheck = ({ spec, containers }) => {
  const podWide = valueAt(spec, 'securityContext', 'runAsNonRoot');
  const bad = containers.filter((container) => (valueAt(security(container), 'runAsNonRoot') ?? podWide) !== true);
  const names = bad.map((container) => textAt(container, 'name'));
  if (names.length === 0) return undefined;
  return { reason: 'runAsNonRoot != true', detail: `pod or ${plural('container', names)} must set securityContext.runAsNonRoot=true` };
};

const runsAsUserZero: PodCheck = (pod) => {
  const who = settersOf(pod, (it) => numberAt(it, 'securityContext', 'runAsUser') === 0);
  return who.length > 0 ? { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0` } : undefined;
};

const lacksSeccomp: PodCheck = ({ spec, containers }) => {
  const podWide = textAt(spec, 'securityContext', 'seccompProfile', 'type');
  const bad = containers.filter((container) => {
    const type = textAt(container, 'securityContext', 'seccompProfile', 'type') || podWide;
    return type !== 'RuntimeDefault' && type !== 'Localhost';
  });
  const names = bad.map((container) => textAt(container, 'name'));
  const detail = `pod or ${plural('container', names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return names.length > 0 ? { reason: 'seccompProfile', detail } : undefined;
};

// Both in the order of the checks' names, which is the order in which what they find is told.
const EVERYWHERE = { appArmor, hostNamespaces, hostPorts, hostProbes, privileged, seLinux, sysctls, hostProcess };

const BASELINE: readonly PodCheck[] = [
  EVERYWHERE.appArmor,
  addedCapabilities('non-default capabilities', DEFAULT_CAPABILITIES),
  EVERYWHERE.hostNamespaces,
  hostPathVolumes,
  EVERYWHERE.hostPorts,
  EVERYWHERE.hostProbes,
  EVERYWHERE.privileged,
  withinHostUsers(procMount),
  EVERYWHERE.seLinux,
  seccompUnconfined,
  EVERYWHERE.sysctls,
  EVERYWHERE.hostProcess,
];

/** What of the baseline no stricter check of the same thing replaces, and those. */
const RESTRICTED: readonly PodCheck[] = [
  ...Object.values(EVERYWHERE),
  allowsEscalation,
  keepsCapabilities,
  addedCapabilities('unrestricted capabilities', new Set(['NET_BIND_SERVICE'])),
  procMount,
  restrictedVolumes,
  withinHostUsers(runsAsRoot),
  withinHostUsers(runsAsUserZero),
  lacksSeccomp,
];

/** The checks of each level. */
export const POD_CHECKS: Readonly<Record<string, readonly PodCheck[]>> = { privileged: [], baseline: BASELINE, restricted: RESTRICTED };
