import { driveMirrorName, type Environment, MYDRIVE_PATH, sharedMirrorName, type Template, type Tenant } from '@crownlabs/api';
import { type SharedMount, sharedAccess, volumeNamespaceOf } from '../shared-volume/access.ts';

/** A claim of the instance's namespace that an environment sees. The volume in the pod or machine has the claim's name. */
export interface Mount {
  readonly claim: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** A volume of a workspace that an environment sees. */
export interface SharedVolumeMount extends Mount {
  readonly volume: { readonly name: string; readonly namespace: string };
}

/** The personal volume, as an environment sees it. */
export function driveMount(tenant: string): Mount {
  return { claim: driveMirrorName(tenant), path: MYDRIVE_PATH, readOnly: false };
}

/** The shared volumes of an environment, as far as its owner may see them. */
export function sharedMounts(instance: string, { sharedVolumeMounts = [] }: Environment, template: Template, tenant: Tenant) {
  return sharedVolumeMounts.flatMap((mount): SharedVolumeMount[] => {
    const access = sharedAccess(mount, template, tenant);
    return access === 'none' ? [] : [sharedMount(instance, mount, template, access === 'read')];
  });
}

function sharedMount(instance: string, mount: SharedMount, template: Template, readOnly: boolean): SharedVolumeMount {
  const { name } = mount.sharedVolume;
  return {
    claim: sharedMirrorName(name, instance),
    path: mount.mountPath,
    readOnly,
    volume: { name, namespace: volumeNamespaceOf(mount, template) },
  };
}
