import { randomBytes } from 'node:crypto';

/** Marks everything of ours in the engine; its value is the uid of the installation's `kube-system` namespace. */
export const INSTALLATION_LABEL = 'crownlabs.polito.it/installation';

/** Labels of our containers, beside {@link INSTALLATION_LABEL}. */
export const LABELS = {
  /** `sandbox` holds a pod's network namespace, `container` is a container of a pod. */
  role: 'crownlabs.polito.it/role',
  podUid: 'crownlabs.polito.it/pod-uid',
  podNamespace: 'crownlabs.polito.it/pod-namespace',
  podName: 'crownlabs.polito.it/pod-name',
  container: 'crownlabs.polito.it/container',
  attempt: 'crownlabs.polito.it/attempt',
} as const;

/** The installation's id in names of containers and network interfaces: 6 hexadecimal digits. */
export function shortId(installation: string): string {
  const digits = installation.replaceAll(/[^0-9a-f]/g, '');
  return digits.slice(0, 6).padEnd(6, '0');
}

/** Names of what we make in the engine and in the kernel. Interfaces have at most 15 characters. */
export function names(installation: string) {
  const short = shortId(installation);
  return {
    short,
    interfacePrefix: `cl${short}`,
    bridge: (n: number) => `cl${short}b${n.toString(16)}`,
    port: () => `cl${short}p${randomBytes(3).toString('hex')}`,
    sandbox: () => `crownlabs-${short}-sandbox-${randomBytes(4).toString('hex')}`,
    container: (pod: { name: string; uid: string }, container: string, attempt: number) =>
      `crownlabs-${short}-${pod.name.slice(0, 60)}-${container}-${pod.uid.slice(0, 8)}-${attempt}`,
    table: `crownlabs_${short}`,
    /** The network namespace that segments are in. */
    hub: `crownlabs-${short}`,
    hubPort: () => `port+${randomBytes(3).toString('hex')}`,
  };
}

/** What {@link names} returns. */
export type Names = ReturnType<typeof names>;
