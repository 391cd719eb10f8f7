/** An extra field beside a reference, resolved with the caller's own identity. */
export interface Wrapper {
  /** Where the reference is: schema, then keys; `*` is an array's item. */
  readonly at: string;
  readonly field: string;
  /** Schema of the object referred to. */
  readonly target: string;
}

const V2 = 'it.polito.crownlabs.v1alpha2';
const V1 = 'it.polito.crownlabs.v1alpha1';

/** The references that front ends follow. */
export const WRAPPERS: readonly Wrapper[] = [
  { at: `${V2}.Instance>spec>template.crownlabs.polito.it/TemplateRef`, field: 'templateWrapper', target: `${V2}.Template` },
  { at: `${V2}.Instance>spec>tenant.crownlabs.polito.it/TenantRef`, field: 'tenantV1alpha2Wrapper', target: `${V2}.Tenant` },
  { at: `${V2}.Tenant>spec>workspaces>*`, field: 'workspaceWrapperTenantV1alpha2', target: `${V1}.Workspace` },
];
