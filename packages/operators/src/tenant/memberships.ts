import { LABEL, type Tenant, type Workspace, workspaceGroup, workspaceLabel } from '@crownlabs/api';

type Membership = NonNullable<Tenant['spec']['workspaces']>[number];

/** The workspaces of a tenant, sorted out. */
export interface Memberships {
  /** Those that count, candidates among them where the workspace takes candidates. */
  readonly valid: readonly (Membership & { readonly workspace: Workspace })[];
  /** Names that do not exist or cannot be joined like this. */
  readonly failing: readonly string[];
}

/** Tells memberships that work from those that do not. */
export function memberships(tenant: Tenant, find: (name: string) => Workspace | undefined): Memberships {
  const valid: (Membership & { workspace: Workspace })[] = [];
  const failing: string[] = [];
  for (const membership of tenant.spec.workspaces ?? []) {
    const workspace = find(membership.name);
    const joinable = membership.role !== 'candidate' || workspace?.spec.autoEnroll === 'withApproval';
    if (workspace && workspace.metadata.deletionTimestamp === undefined && joinable) valid.push({ ...membership, workspace });
    else failing.push(membership.name);
  }
  return { valid, failing };
}

/** Roles as groups are named at the identity provider. A candidate has none yet. */
export function directoryRoles({ valid }: Memberships): string[] {
  return valid.flatMap(({ name, role }) => (role === 'candidate' ? [] : [workspaceGroup(name, role)]));
}

const WORKSPACE_PREFIX = workspaceLabel('');

/** What changes in the labels of a tenant, for a merge patch; nothing when they are right. */
export function labelChanges(
  tenant: Tenant,
  { valid }: Memberships,
  baseWorkspaces: readonly string[],
): Record<string, string | null> | undefined {
  const has = tenant.metadata.labels ?? {};
  const wants: Record<string, string> = {
    [LABEL.managedBy]: 'tenant',
    [LABEL.firstName]: labelText(tenant.spec.firstName),
    [LABEL.lastName]: labelText(tenant.spec.lastName),
    ...Object.fromEntries(valid.map(({ name, role }) => [workspaceLabel(name), role])),
    ...(valid.some(({ name }) => !baseWorkspaces.includes(name)) ? {} : { [LABEL.noWorkspaces]: 'true' }),
  };
  const stale = Object.keys(has).filter((key) => (key.startsWith(WORKSPACE_PREFIX) || key === LABEL.noWorkspaces) && !(key in wants));
  const changed = Object.entries(wants).filter(([key, value]) => has[key] !== value);
  if (stale.length === 0 && changed.length === 0) return undefined;
  return { ...Object.fromEntries(stale.map((key) => [key, null])), ...Object.fromEntries(changed) };
}

/** A person's name as a label can hold it: blanks become underscores, everything else but letters and digits goes. */
export function labelText(text: string): string {
  const plain = text
    .normalize('NFD')
    .replace(/\s+/g, '_')
    .replace(/[^A-Za-z0-9_]/g, '');
  return plain.slice(0, 63).replace(/^_+|_+$/g, '');
}
