const LONGEST = 63;

/** FNV-1a over UTF-16 units: short, stable, and good enough to tell cut names apart. Not for secrets. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

/** `name`, or its beginning and a hash of the whole when it is longer than `longest`. */
export function cutName(name: string, longest: number = LONGEST): string {
  if (name.length <= longest) return name;
  return `${name.slice(0, longest - 9).replace(/[^a-z0-9]+$/i, '')}-${fingerprint(name)}`;
}

/** A name without dots, as namespaces and services need it. */
export function canonicalName(name: string): string {
  return name.replaceAll('.', '-');
}

/** The personal namespace of a tenant. */
export function tenantNamespace(tenant: string): string {
  return cutName(`tenant-${canonicalName(tenant)}`);
}

/** The sandbox namespace of a tenant. */
export function sandboxNamespace(tenant: string): string {
  return cutName(`sandbox-${canonicalName(tenant)}`);
}

/** The namespace of a workspace, where its templates are. */
export function workspaceNamespace(workspace: string): string {
  return cutName(`workspace-${canonicalName(workspace)}`);
}

/** The objects that realise one environment of an instance all have this name. */
export function environmentObjectName(instance: string, environment: string): string {
  return cutName(`${canonicalName(instance)}-${environment}`);
}

/** Where the personal volumes of all tenants are, so that they outlive the tenants' namespaces. */
export const MYDRIVE_NAMESPACE = 'mydrive-pvcs';

/** The personal volume of a tenant, in {@link MYDRIVE_NAMESPACE}. */
export function driveName(tenant: string): string {
  return `${canonicalName(tenant)}-drive`;
}

/** The personal volume as the tenant's own namespace sees it. */
export function driveMirrorName(tenant: string): string {
  return `${driveName(tenant)
    .slice(-55)
    .replace(/^[^a-z0-9]+/, '')}-mirror`;
}

/** The claim of a SharedVolume, in the SharedVolume's own namespace. */
export function sharedVolumeClaimName(sharedVolume: string): string {
  return cutName(`shvol-${canonicalName(sharedVolume)}`);
}

/** A shared volume as the namespace of an instance that mounts it sees it: the name of the claim, and of the volume in the pod. */
export function sharedMirrorName(sharedVolume: string, instance: string): string {
  const end = (name: string) => canonicalName(name).slice(-27).replace(/^-+/, '');
  return `${end(sharedVolume)}-${end(instance)}-mirror`;
}

/** The PersistentVolume behind a mirror: claims have a namespace and volumes have none, so it is named after both. */
export function mirrorVolumeName(namespace: string, claim: string): string {
  return `${namespace}.${claim}`;
}

/** The path below which an instance's environment is served; with a slash at its end. */
export function instancePath(uid: string, environment?: string): string {
  return environment === undefined ? `/instance/${uid}/` : `/instance/${uid}/${environment}/`;
}

/** `<env>-<first 8 of uid>`: the host label of an environment's own origin. */
export function environmentOrigin(uid: string, environment: string): string {
  return `${environment}-${uid.slice(0, 8)}`;
}

/** The group of a workspace's managers or users, as tokens carry it. */
export function workspaceGroup(workspace: string, role: 'manager' | 'user'): string {
  return `workspace-${workspace}:${role}`;
}

/** What the API puts before names and groups of tokens' groups. */
export const GROUP_PREFIX = 'kubernetes:';
