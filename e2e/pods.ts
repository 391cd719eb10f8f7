import { type Caller, kubectl, must } from './kubectl.ts';

/** A field of the pod of an instance's first environment. */
export function ofPod(lab: Caller, tenant: string, instance: string, path: string): Promise<string> {
  const selector = `crownlabs.polito.it/instance=${instance}`;
  return must(lab, ['get', 'pods', '-n', `tenant-${tenant}`, '-l', selector, '-o', `jsonpath={.items[0]${path}}`]);
}

/** What a command prints inside the first environment of an instance. */
export async function inContainer(lab: Caller, tenant: string, instance: string, command: readonly string[]): Promise<string> {
  const pod = await ofPod(lab, tenant, instance, '.metadata.name');
  const { stdout, stderr } = await kubectl(lab, ['exec', '-n', `tenant-${tenant}`, pod, '--', ...command]);
  return stdout || stderr;
}

/** The address of the pod of an instance's first environment. */
export function podAddress(lab: Caller, tenant: string, instance: string): Promise<string> {
  return ofPod(lab, tenant, instance, '.status.podIP');
}

/** The engine's id of the container of an instance's first environment. */
export function containerId(lab: Caller, tenant: string, instance: string): Promise<string> {
  return ofPod(lab, tenant, instance, '.status.containerStatuses[0].containerID');
}
