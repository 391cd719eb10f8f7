import type { KubeObject, Resource } from '@crownlabs/client';

/** What sign-in needs to know of a Tenant. The whole schema belongs to the API room. */
export interface Tenant extends KubeObject {
  spec?: {
    firstName: string;
    lastName: string;
    email: string;
    lastLogin?: string;
    workspaces?: readonly Membership[];
  };
}

/** A workspace that a Tenant belongs to. */
export interface Membership {
  readonly name: string;
  readonly role: 'manager' | 'user' | 'candidate';
}

/** Where Tenants are served. */
export const TENANTS: Resource<Tenant> = {
  group: 'crownlabs.polito.it',
  version: 'v1alpha2',
  plural: 'tenants',
  kind: 'Tenant',
  namespaced: false,
};

/** The claims of a person: what RBAC and the pages know of them. */
export interface Claims {
  readonly sub: string;
  readonly preferred_username: string;
  readonly name: string;
  readonly given_name: string;
  readonly family_name: string;
  readonly email: string;
  readonly groups: readonly string[];
  readonly [claim: string]: unknown;
}

/** What a token says of `tenant`. A candidate is not in the workspace yet, so the role counts for nothing. */
export function claimsOf(tenant: Tenant, admin: boolean): Claims {
  const { firstName = '', lastName = '', email = '', workspaces = [] } = tenant.spec ?? {};
  const memberships = workspaces.filter(({ role }) => role !== 'candidate').map(({ name, role }) => `workspace-${name}:${role}`);
  return {
    sub: tenant.metadata.name,
    preferred_username: tenant.metadata.name,
    name: `${firstName} ${lastName}`.trim(),
    given_name: firstName,
    family_name: lastName,
    email,
    groups: admin ? ['admin', ...memberships] : memberships,
  };
}
