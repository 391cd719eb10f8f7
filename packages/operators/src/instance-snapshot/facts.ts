import { type Environment, environmentObjectName, type Instance, type InstanceSnapshot, type Template } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';

/** The disk that is to be copied. */
export interface SnapshotSource {
  readonly instance: Instance;
  readonly template: Template;
  readonly environment: Environment;
  readonly claim: Kube<PersistentVolumeClaim>;
  /** Whether somebody writes to it now. */
  readonly inUse: boolean;
  /** The class that copies a disk in use; absent where the storage cannot. */
  readonly snapshotClass: string | undefined;
}

/** Why there is nothing to copy. */
export interface SnapshotFault {
  readonly reason: string;
  readonly message: string;
  /** It may be there in a while. */
  readonly passing?: boolean;
}

/** What is known of an instance before its disk is looked at. */
export interface Candidate {
  readonly snapshot: InstanceSnapshot;
  readonly instance: Instance | undefined;
  readonly template: Template | undefined;
  /** Whether machines can be made here at all. */
  readonly supported: boolean;
}

const MACHINES = new Set(['VirtualMachine', 'CloudVM', 'LocalVM']);

/** The environment of a snapshot, or what is wrong with the wish. Nothing is looked up here that somebody else might own. */
export function chosenEnvironment(candidate: Candidate): Environment | SnapshotFault {
  const { snapshot, instance, template, supported } = candidate;
  const { instanceRef, environmentRef } = snapshot.spec;
  if (!instance || !mayCopy(snapshot, instance)) {
    return { reason: 'InstanceNotFound', message: `There is no instance ${instanceRef.name} that belongs to this namespace.` };
  }
  if (!template) return { reason: 'TemplateNotFound', message: 'The template of the instance does not exist any more.' };
  const list = template.spec.environmentList;
  const found = environmentRef ? list.find(({ name }) => name === environmentRef.name) : list[0];
  if (!found) return { reason: 'EnvironmentNotFound', message: `The instance has no environment ${environmentRef?.name ?? ''}.` };
  if (!MACHINES.has(found.environmentType)) {
    return { reason: 'NotAMachine', message: 'Only the disk of a virtual machine can become an image; this environment is a container.' };
  }
  if (!found.persistent)
    return { reason: 'NotPersistent', message: 'The environment keeps no disk: only persistent ones can become an image.' };
  if (!supported) {
    const message = 'Virtual machines are not installed on this system, so there are no disks to copy. Ask your administrator.';
    return { reason: 'VirtualMachinesNotInstalled', message };
  }
  return found;
}

/** A snapshot beside its instance, or in the namespace of the workspace whose template the instance is of: nobody else's disk. */
function mayCopy({ metadata: { namespace } }: InstanceSnapshot, { metadata, spec }: Instance): boolean {
  const of = spec['template.crownlabs.polito.it/TemplateRef'].namespace ?? metadata.namespace;
  return namespace === metadata.namespace || namespace === of;
}

/** The name that the disk of an environment has. */
export function diskName(instance: Instance, environment: Environment): string {
  return environmentObjectName(instance.metadata.name, environment.name);
}
