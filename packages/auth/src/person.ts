import type { ReviewedUser } from '@crownlabs/client';

/** A signed-in person, as the token says. */
export interface Person {
  /** The Tenant's name, which is the user name of RBAC. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string;
  /** As in the token: `workspace-<ws>:<role>`, `admin`; without the API's prefix. */
  readonly groups: readonly string[];
}

/** A workspace somebody belongs to. */
export interface Membership {
  readonly name: string;
  readonly role: string;
}

/** What the API server puts before the groups of a token (`--oidc-groups-prefix`). User names have no prefix. */
export const GROUP_PREFIX = 'kubernetes:';

/** Reads a person from the claims of a verified token; `undefined` when they name nobody. */
export function personOf(claims: Readonly<Record<string, unknown>>): Person | undefined {
  const name = claims['preferred_username'];
  if (typeof name !== 'string' || name === '') return undefined;
  const text = (claim: string) => {
    const value = claims[claim];
    return typeof value === 'string' ? value : '';
  };
  const groups = Array.isArray(claims['groups']) ? claims['groups'].filter((group) => typeof group === 'string') : [];
  return { name, displayName: text('name') || name, email: text('email'), groups };
}

/** Whether the token says that the person runs the laboratory. For display only: the API decides what an admin may. */
export function isAdmin({ groups }: Pick<Person, 'groups'>): boolean {
  return groups.includes('admin');
}

/**
 * The person without the workspaces that the living Tenant no longer has: a token is up to five minutes old, a door
 * must know better.
 */
export function withLiveGroups(person: Person, memberships: readonly Membership[]): Person {
  const living = new Set(memberships.map(({ name, role }) => `workspace-${name}:${role}`));
  return { ...person, groups: person.groups.filter((group) => !group.startsWith('workspace-') || living.has(group)) };
}

/** The person as the API's authorizer knows it. */
export function reviewedUser({ name, groups }: Pick<Person, 'name' | 'groups'>): ReviewedUser {
  return { username: name, groups: [...groups.map((group) => `${GROUP_PREFIX}${group}`), 'system:authenticated'] };
}
