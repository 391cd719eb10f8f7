import { type Environment, type Instance, LABEL, type Template, type Workspace, workspaceNamespace } from '@crownlabs/api';
import type { Lab } from '../lab.ts';
import { isAllowedImage } from '../template/allowed-images.ts';
import { imageFault } from '../template/image-form.ts';
import { samePlaces } from '../template/same-places.ts';
import type { Refusal } from './facts.ts';
import { volumeOf } from './machine/desired.ts';
import type { MachineFacts } from './machine/facts.ts';
import type { SharedVolumeMount } from './mounts.ts';

/** What is asked about an environment before it starts. */
export interface ObstacleParts {
  readonly instance: Instance;
  readonly template: Template;
  readonly environment: Environment;
  readonly machine: MachineFacts | undefined;
  readonly shared: readonly SharedVolumeMount[];
  /** Namespaces of disks for everybody; all that carry none of our labels if absent. */
  readonly diskNamespaces: readonly string[] | undefined;
}

/** What is said where there are no virtual machines. */
export const NO_MACHINES: Refusal = {
  reason: 'VirtualMachinesNotInstalled',
  message: 'Virtual machines are not installed on this system. Ask your teacher for a template with containers.',
};

const NO_NETWORKS: Refusal = {
  reason: 'NetworksNotInstalled',
  message: 'Networks between machines are not installed on this system. Ask your teacher for a template without them.',
};

/** What this system does not have that a machine needs. */
function lackingFor(lab: Lab, { supported }: MachineFacts, { networks = [] }: Environment): Refusal | undefined {
  if (!supported) return NO_MACHINES;
  return networks.length > 0 && !lab.optional.networks.installed ? NO_NETWORKS : undefined;
}

/** Why an environment cannot be started, whatever its owner may do; nothing when it can. */
export function obstacleOf(lab: Lab, parts: ObstacleParts): Refusal | undefined {
  const { template, environment, machine, shared } = parts;
  const lacking = machine && lackingFor(lab, machine, environment);
  if (lacking) return lacking;
  const fault = imageFault(environment);
  if (machine && fault !== undefined) return { reason: 'ImageInvalid', message: `${fault} Tell your teacher.` };
  if (!isAllowedImage(environment.image, workspaceIn(lab, template)?.spec.allowedImages)) {
    const message = `The workspace does not allow the image ${environment.image}. Tell your teacher.`;
    return { reason: 'ImageNotAllowed', message };
  }
  if (environment.environmentType === 'LocalVM') {
    const source = volumeOf(environment.image);
    if (!mayCopy(lab, source.namespace, parts)) {
      const message = `The disk ${environment.image} belongs to somebody else: a template may use disks of its own workspace. Tell your teacher.`;
      return { reason: 'DiskNotAllowed', message };
    }
  }
  const [place] = samePlaces(environment);
  if (!machine && place !== undefined) {
    return { reason: 'MountsClash', message: `Two volumes of this template want to be at ${place}. Tell your teacher.` };
  }
  const missing = shared.find(({ volume }) => lab.sharedVolumes.get(volume.name, volume.namespace) === undefined);
  if (!missing) return undefined;
  const message = `The shared volume ${missing.volume.name} of this template does not exist any more. Tell your teacher.`;
  return { reason: 'SharedVolumeNotFound', message };
}

function workspaceIn(lab: Lab, { metadata, spec }: Template): Workspace | undefined {
  const named = lab.workspaces.get(spec['workspace.crownlabs.polito.it/WorkspaceRef']?.name ?? '');
  if (named && workspaceNamespace(named.metadata.name) === metadata.namespace) return named;
  return lab.workspaces.list().find((it) => workspaceNamespace(it.metadata.name) === metadata.namespace);
}

/**
 * Whether a disk may be copied out of a namespace. Whoever writes a template reaches what its own namespace holds; people's namespaces and
 * those of other courses are closed to him, and so to his template. What carries none of our labels, an administrator has made; he says which
 * of his namespaces have disks for everybody, where there is more than that in a cluster.
 */
function mayCopy(lab: Lab, namespace: string, { instance, template, diskNamespaces }: ObstacleParts): boolean {
  if (namespace === template.metadata.namespace || namespace === instance.metadata.namespace) return true;
  if (diskNamespaces) return diskNamespaces.includes(namespace);
  // Of somebody who is not there yet, or of the cluster itself.
  if (/^(tenant|sandbox|workspace|kube)-/.test(namespace)) return false;
  const labels = lab.namespaces.get(namespace)?.metadata.labels ?? {};
  return labels[LABEL.type] === undefined && labels[LABEL.managedBy] === undefined;
}
