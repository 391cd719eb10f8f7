import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { marked } from './schema-mark.ts';
import { commonStatus, existence, namespaceState, WorkspaceQuota } from './shared-schema.ts';

/** What somebody is in a workspace. */
export const WorkspaceRole = z.enum(['manager', 'user', 'candidate']);
/** What somebody is in a workspace. */
export type WorkspaceRole = z.infer<typeof WorkspaceRole>;

const Membership = z.object({
  name: z.string().describe('Name of the Workspace.'),
  role: WorkspaceRole.describe('What the person is there: a manager, a user, or a candidate who waits to be accepted.'),
});

/** What a Tenant should be. */
export const TenantSpec = z.object({
  firstName: z.string().describe('First name of the person.'),
  lastName: z.string().describe('Family name of the person.'),
  email: z
    .string()
    .regex(/^[^\s@<>()[\],;:\\"]+@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/)
    .describe('E-mail address, to which warnings are sent.'),
  lastLogin: z.iso.datetime({ offset: true }).optional().describe('When the person signed in last; absent before the first time.'),
  workspaces: marked(z.array(Membership).optional().describe('The workspaces that the person belongs to.'), { listMapKeys: ['name'] }),
  publicKeys: z.array(z.string()).optional().describe('SSH public keys, one line of OpenSSH each.'),
  createSandbox: z.boolean().default(false).describe('Whether the person has a namespace for experiments with Kubernetes.'),
  personalWorkspace: WorkspaceQuota.optional().describe('Lets the person make templates of their own, within this quota.'),
});
/** What a Tenant should be. */
export type TenantSpec = z.infer<typeof TenantSpec>;

/** What a Tenant is. */
export const TenantStatus = z.object({
  personalNamespace: namespaceState('The namespace where the instances of the person are.'),
  sandboxNamespace: namespaceState('The namespace for experiments.'),
  failingWorkspaces: z.array(z.string()).optional().describe('Workspaces of the list that do not exist or cannot be joined.'),
  subscriptions: z
    .record(z.string(), z.enum(['Ok', 'Failed']))
    .optional()
    .describe('Services that know of this person, and whether that worked.'),
  keycloak: z
    .object({
      userCreated: existence('The account at the identity provider.', 'account'),
      userConfirmed: z.boolean().describe('Whether the person confirmed the address.'),
      userSynchronized: z.boolean().describe('Whether roles at the identity provider equal those here.'),
    })
    .describe('What the identity provider knows; the name is historical, any provider is meant.'),
  ready: z.boolean().describe('Whether everything that the person needs is there.'),
  personalWorkspaceCreated: z.boolean().describe('Whether the person may make templates of their own.'),
  ...commonStatus,
});
/** What a Tenant is. */
export type TenantStatus = z.infer<typeof TenantStatus>;

/** A person. The name equals the login and the token's `preferred_username`. */
export type Tenant = LabObject<TenantSpec, TenantStatus>;

/** The kind Tenant. */
export const tenantKind: Kind<typeof TenantSpec, typeof TenantStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha2',
  kind: 'Tenant',
  plural: 'tenants',
  shortNames: [],
  namespaced: false,
  description: 'A person who uses the laboratory. The name equals the login.',
  spec: TenantSpec,
  status: TenantStatus,
  columns: [
    { name: 'First Name', type: 'string', jsonPath: '.spec.firstName' },
    { name: 'Last Name', type: 'string', jsonPath: '.spec.lastName' },
    { name: 'Email', type: 'string', jsonPath: '.spec.email', priority: 10 },
    { name: 'Namespace', type: 'string', jsonPath: '.status.personalNamespace.name', priority: 10 },
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready' },
    AGE,
  ],
};

/** Where Tenants are served. */
export const tenants: ServedAt<Tenant> = servedAt(tenantKind);
