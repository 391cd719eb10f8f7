import type { Security } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import type { Capabilities, PodSecurityContext } from 'kubernetes-types/core/v1.js';
import { type Container, type Pod, specOf } from './pod.ts';

/** The container's rights: its own securityContext before the pod's. Throws where `runAsNonRoot` cannot be kept. */
export function securityOf(pod: Pod, container: Container, imageUser: string): Security {
  const { securityContext: shared = {} } = specOf(pod);
  const { securityContext: own = {} } = container;
  const { runAsUser: uid, runAsGroup: gid, runAsNonRoot, seccompProfile, capabilities, privileged = false } = { ...shared, ...own };
  if (runAsNonRoot) refuseRoot(container.name, uid, imageUser);
  return {
    ...userOf(uid, gid, imageUser),
    groups: groupsOf(shared),
    ...capabilitiesOf(capabilities),
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    readOnlyRoot: own.readOnlyRootFilesystem ?? false,
    privileged,
    unconfinedSeccomp: seccompProfile?.type === 'Unconfined',
  };
}

function groupsOf({ supplementalGroups = [], fsGroup }: PodSecurityContext): readonly number[] {
  return [...new Set(fsGroup === undefined ? supplementalGroups : [...supplementalGroups, fsGroup])];
}

function capabilitiesOf({ drop = [], add = [] }: Capabilities = {}): Pick<Security, 'capabilities' | 'addCapabilities'> {
  const all = drop.some((name) => name.toUpperCase() === 'ALL');
  return { capabilities: all ? 'all-dropped' : 'default', addCapabilities: add.map((name) => name.replace(/^CAP_/, '')) };
}

function userOf(uid: number | undefined, gid: number | undefined, imageUser: string): { user?: { uid: number; gid?: number } } {
  const fromImage = /^\d+/.exec(imageUser)?.[0];
  const user = uid ?? (gid !== undefined && fromImage ? Number(fromImage) : undefined);
  if (user === undefined) return {};
  // Without a group of its own a user belongs to root's, as Kubernetes has it.
  return { user: { uid: user, gid: gid ?? 0 } };
}

function refuseRoot(name: string, uid: number | undefined, imageUser: string): void {
  const user = uid === undefined ? imageUser.split(':')[0] : String(uid);
  if (user === undefined || user === '' || user === '0' || user === 'root') {
    throw new LabError('Forbidden', `container ${name} has runAsNonRoot and would run as root`);
  }
  if (!/^\d+$/.test(user)) {
    throw new LabError('Forbidden', `container ${name} has runAsNonRoot and its image names a user (${user}) instead of a number`);
  }
}
