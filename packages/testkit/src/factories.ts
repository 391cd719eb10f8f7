import {
  type Instance,
  instances,
  type Template,
  type Tenant,
  templates,
  tenantNamespace,
  tenants,
  type Workspace,
  workspaceNamespace,
  workspaces,
} from '@crownlabs/api';
import { apiVersionOf, type New } from '@crownlabs/client';

type Spec<T extends { spec: object }> = Partial<T['spec']>;

/** A Workspace of ten cores, 20 GB and three instances. */
export function workspace(name: string, spec: Spec<Workspace> = {}): New<Workspace> {
  const quota = { cpu: 10, memory: '20G', instances: 3 };
  return { apiVersion: apiVersionOf(workspaces), kind: 'Workspace', metadata: { name }, spec: { prettyName: name, quota, ...spec } };
}

/** A Tenant who is in `memberships`: workspace to role. */
export function tenant(
  name: string,
  memberships: Readonly<Record<string, 'manager' | 'user' | 'candidate'>> = {},
  spec: Spec<Tenant> = {},
): New<Tenant> {
  const [firstName = name, lastName = 'Tester'] = name.split('.');
  const list = Object.entries(memberships).map(([workspaceName, role]) => ({ name: workspaceName, role }));
  return {
    apiVersion: apiVersionOf(tenants),
    kind: 'Tenant',
    metadata: { name },
    spec: { firstName, lastName, email: `${name}@example.org`, createSandbox: false, workspaces: list, ...spec },
  };
}

type EnvironmentSpec = Template['spec']['environmentList'][number];

/** An environment of one core and 512 MiB. */
export function environment(name: string, changes: Partial<EnvironmentSpec> = {}): EnvironmentSpec {
  return {
    name,
    image: `crownlabs/${name}:1`,
    environmentType: 'Container',
    guiEnabled: true,
    disableControls: false,
    persistent: false,
    rewriteURL: false,
    mountMyDriveVolume: false,
    resources: { cpu: 1, memory: '512Mi', reservedCPUPercentage: 10 },
    ...changes,
  };
}

/** A Template of a workspace; one desktop unless told otherwise. */
export function template(of: string, name: string, environmentList: EnvironmentSpec[] = [environment('desktop')]): New<Template> {
  const never = { deleteAfterCreation: 'never', stopAfterInactivity: 'never', deleteAfterInactivity: 'never' };
  return {
    apiVersion: apiVersionOf(templates),
    kind: 'Template',
    metadata: { name, namespace: workspaceNamespace(of) },
    spec: {
      prettyName: name,
      'workspace.crownlabs.polito.it/WorkspaceRef': { name: of },
      environmentList,
      cleanup: never,
      allowPublicExposure: false,
    },
  };
}

/** An Instance of `owner`, running. */
export function instance(
  owner: string,
  name: string,
  of: { workspace: string; template: string },
  spec: Spec<Instance> = {},
): New<Instance> {
  return {
    apiVersion: apiVersionOf(instances),
    kind: 'Instance',
    metadata: { name, namespace: tenantNamespace(owner) },
    spec: {
      'template.crownlabs.polito.it/TemplateRef': { name: of.template, namespace: workspaceNamespace(of.workspace) },
      'tenant.crownlabs.polito.it/TenantRef': { name: owner },
      running: true,
      ...spec,
    },
  };
}
