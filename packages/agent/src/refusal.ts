import type { PodSpec, SecurityContext } from 'kubernetes-types/core/v1.js';
import { type Container, type Pod, specOf } from './pod.ts';

/** Label by which an administrator allows a namespace everything. Only system:masters may set it. */
const ENFORCE = 'pod-security.kubernetes.io/enforce';
/** Lets a program that is not root listen below 1024. Everything else is a step towards the host. */
const HARMLESS = new Set(['NET_BIND_SERVICE']);

/** Whether a namespace with these labels may have pods that reach the host. */
export function trusts(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels?.[ENFORCE] === 'privileged';
}

/** Everything in the pod that would give it a hold on the host; empty when it may run. The API has asked the same: we are the last guard. */
export function refusals(pod: Pod): readonly string[] {
  const spec = specOf(pod);
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [...hostParts(spec), ...volumes(spec), ...containers.flatMap(container)];
}

function hostParts(spec: PodSpec): readonly string[] {
  const asked = [spec.hostNetwork && 'hostNetwork', spec.hostPID && 'hostPID', spec.hostIPC && 'hostIPC'];
  const sysctls = (spec.securityContext?.sysctls ?? []).map(({ name }) => `sysctl ${name}`);
  const seccomp = spec.securityContext?.seccompProfile?.type === 'Unconfined' ? ['seccompProfile Unconfined'] : [];
  return [...asked.filter((it) => typeof it === 'string'), ...sysctls, ...seccomp];
}

function volumes(spec: PodSpec): readonly string[] {
  return (spec.volumes ?? []).flatMap(({ name, hostPath }) => (hostPath ? [`hostPath in volume ${name}`] : []));
}

function masks(security: SecurityContext = {}): readonly string[] {
  const { privileged, procMount = 'Default', seccompProfile } = security;
  return [
    ...(privileged ? ['privileged'] : []),
    ...(procMount === 'Default' ? [] : [`procMount ${procMount}`]),
    ...(seccompProfile?.type === 'Unconfined' ? ['seccompProfile Unconfined'] : []),
  ];
}

function container({ name, securityContext: security, ports, volumeDevices }: Container): readonly string[] {
  const added = (security?.capabilities?.add ?? []).filter((capability) => !HARMLESS.has(capability.replace(/^CAP_/, '')));
  return [
    ...masks(security),
    ...added.map((capability) => `capability ${capability}`),
    ...(ports ?? []).flatMap(({ hostPort }) => (hostPort ? [`host port ${hostPort}`] : [])),
    ...(volumeDevices ?? []).map((device) => `device ${device.devicePath}`),
  ].map((what) => `${what} in container ${name}`);
}
