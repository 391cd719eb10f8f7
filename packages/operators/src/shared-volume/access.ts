import { type Environment, type Template, type Tenant, workspaceNamespace } from '@crownlabs/api';

/** One wish of a template to have a shared volume. */
export type SharedMount = NonNullable<Environment['sharedVolumeMounts']>[number];

/** What somebody may do with a shared volume in an instance of a template. */
export type SharedAccess = 'none' | 'read' | 'write';

/** The namespace of the volume that a mount names: the template's own where it says none. */
export function volumeNamespaceOf({ sharedVolume }: SharedMount, template: Template): string {
  return sharedVolume.namespace ?? template.metadata.namespace ?? '';
}

/**
 * What `tenant` may do with a volume that `template` mounts. A volume of the template's own workspace is mounted as the template says, and
 * its managers may always write. Whoever writes templates elsewhere gives nobody more than he has: members of the volume's workspace may
 * read it, others see nothing. Roles are read from the spec, which admission guards, not from labels, which people may set for a moment.
 */
export function sharedAccess(mount: SharedMount, template: Template, tenant: Tenant): SharedAccess {
  const namespace = volumeNamespaceOf(mount, template);
  const role = tenant.spec.workspaces?.find(({ name }) => workspaceNamespace(name) === namespace)?.role;
  if (role === 'manager') return 'write';
  if (namespace === template.metadata.namespace) return mount.readOnly ? 'read' : 'write';
  return role === 'user' ? 'read' : 'none';
}
