import { Wire } from './readers.ts';

/** A person's part in a workspace. */
export type Role = 'manager' | 'user' | 'candidate';

/** A person. */
export interface Tenant {
  readonly name: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly resourceVersion: string;
  readonly lastLogin: number | undefined;
  readonly workspaces: readonly { readonly name: string; readonly role: Role }[];
  readonly publicKeys: readonly string[];
  /** Where the person's instances are; undefined until it exists. */
  readonly namespace: string | undefined;
  readonly failingWorkspaces: readonly string[];
}

const FIELDS = `metadata { name resourceVersion } spec { firstName lastName email lastLogin publicKeys workspaces { name role } }
  status { personalNamespace { name created } failingWorkspaces }`;

/** Follows one person. */
export const TENANT = `subscription ($name: String!) {
  itPolitoCrownlabsV1alpha2TenantUpdate(name: $name, initial: true) { updateType payload { ${FIELDS} } } }`;

/** Follows everyone. */
export const TENANTS = `subscription { itPolitoCrownlabsV1alpha2TenantUpdate(initial: true) { updateType payload { ${FIELDS} } } }`;

/** Changes a person by a JSON patch. */
export const PATCH_TENANT = `mutation ($name: String!, $patch: String!, $manager: String!) {
  patchCrownlabsPolitoItV1alpha2TenantJsonPatch(name: $name, fieldManager: $manager, applicationJsonPatchJsonInput: $patch) { metadata { name } } }`;

/** A person from the wire. */
export function readTenant(payload: unknown): Tenant {
  const wire = new Wire(payload);
  const [meta, spec, status] = [wire.at('metadata'), wire.at('spec'), wire.at('status')];
  return {
    name: meta.at('name').text() ?? '',
    firstName: spec.at('firstName').text() ?? '',
    lastName: spec.at('lastName').text() ?? '',
    email: spec.at('email').text() ?? '',
    resourceVersion: meta.at('resourceVersion').text() ?? '',
    lastLogin: spec.at('lastLogin').time(),
    workspaces: spec
      .at('workspaces')
      .list()
      .map((item) => ({ name: item.at('name').text() ?? '', role: roleOf(item.at('role').text()) })),
    publicKeys: spec
      .at('publicKeys')
      .list()
      .flatMap((key) => key.text() ?? []),
    namespace: status.at('personalNamespace', 'created').flag() ? status.at('personalNamespace', 'name').text() : undefined,
    failingWorkspaces: status
      .at('failingWorkspaces')
      .list()
      .flatMap((name) => name.text() ?? []),
  };
}

function roleOf(text: string | undefined): Role {
  return text === 'manager' || text === 'user' ? text : 'candidate';
}

/** First and last name, or the login where there is neither. */
export function fullName(tenant: Pick<Tenant, 'firstName' | 'lastName' | 'name'>): string {
  return `${tenant.firstName} ${tenant.lastName}`.trim() || tenant.name;
}
