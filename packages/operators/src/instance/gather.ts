import { type Instance, LABEL, PERSONAL_WORKSPACE, type Template, type Tenant, tenantNamespace, workspaceNamespace } from '@crownlabs/api';
import type { OperatorsConfig } from '../config.ts';
import type { Doorbell } from '../doorbell.ts';
import type { Lab } from '../lab.ts';
import type { InstanceFacts, Refusal } from './facts.ts';
import { labelValue } from './labels.ts';
import { look } from './look.ts';
import { templateOf } from './template-of.ts';
import { elderTwin } from './twin.ts';

/** What is looked at to know an instance. */
export interface Sight {
  readonly lab: Lab;
  readonly doorbell: Doorbell;
  readonly config: OperatorsConfig;
}

/** Everything that is known about an instance now. */
export function gather({ lab, doorbell, config }: Sight, instance: Instance, now: number): InstanceFacts {
  const { namespace = '' } = instance.metadata;
  const template = templateOf(lab, instance);
  const tenant = lab.tenants.get(instance.spec['tenant.crownlabs.polito.it/TenantRef'].name);
  const workspace = template ? workspaceOf(template, namespace) : '';
  // What is there under its names belongs to its twin.
  const twin = template && elderTwin(lab, instance, template);
  const environments =
    template && !twin ? template.spec.environmentList.map((it) => look({ lab, doorbell, instance, template, tenant, config }, it)) : [];
  const driveWanted = config.drive !== undefined && environments.some(({ environment }) => environment.mountMyDriveVolume);
  return {
    instance,
    template,
    tenant,
    workspace,
    environments,
    refusal: twin ? nameTaken(twin) : refusalOf(lab, config, { instance, template, tenant, workspace }),
    shortage: undefined,
    gatewayApi: lab.optional.routes.installed,
    driveMissing: driveWanted && tenant?.status?.conditions?.some((it) => it.type === 'DriveUnavailable' && it.status === 'True') === true,
    now,
  };
}

/**
 * The workspace of a template. Its namespace decides, not what it says of itself: a manager could otherwise write somebody else's
 * workspace there, and use that one's quota.
 */
export function workspaceOf(template: Template, instanceNamespace: string): string {
  const { namespace = '' } = template.metadata;
  if (namespace === instanceNamespace) return PERSONAL_WORKSPACE;
  const named = template.spec['workspace.crownlabs.polito.it/WorkspaceRef']?.name;
  if (named !== undefined && workspaceNamespace(named) === namespace) return named;
  return namespace.startsWith('workspace-') ? namespace.slice('workspace-'.length) : '';
}

function nameTaken({ metadata: { name } }: Instance): Refusal {
  return { reason: 'NameTaken', message: `Its parts would have the names of those of ${name}. Delete one of the two.` };
}

interface Subject {
  readonly instance: Instance;
  readonly template: Template | undefined;
  readonly tenant: Tenant | undefined;
  readonly workspace: string;
}

/** Admission asked all this before; it is asked again here, because only what the controller checks is certain. */
function refusalOf(lab: Lab, config: OperatorsConfig, subject: Subject): Refusal | undefined {
  const { instance, template, tenant, workspace } = subject;
  const reference = instance.spec['template.crownlabs.polito.it/TemplateRef'];
  const owner = instance.spec['tenant.crownlabs.polito.it/TenantRef'].name;
  if (!tenant) return { reason: 'TenantNotFound', message: `There is no tenant ${owner}.` };
  if (!ownsNamespace(lab, owner, instance.metadata.namespace ?? '')) {
    return { reason: 'NamespaceMismatch', message: `This namespace is not that of ${owner}.` };
  }
  if (!template) {
    return {
      reason: 'TemplateNotFound',
      message: `The template ${reference.name} does not exist. It may have been deleted: choose another one.`,
    };
  }
  if (workspace === PERSONAL_WORKSPACE) {
    return tenant.spec.personalWorkspace ? undefined : { reason: 'TemplateNotAllowed', message: 'You may not use templates of your own.' };
  }
  if (!lab.workspaces.get(workspace)) return { reason: 'WorkspaceNotFound', message: `The workspace ${workspace} does not exist.` };
  if (isMember(tenant, workspace, config)) return undefined;
  return { reason: 'TemplateNotAllowed', message: `${owner} is not in the workspace ${workspace}. Ask its manager to add you.` };
}

/** Whether somebody may start templates of a workspace: candidates wait. */
export function isMember(tenant: Tenant, workspace: string, { baseWorkspaces }: Pick<OperatorsConfig, 'baseWorkspaces'>): boolean {
  if (baseWorkspaces.includes(workspace)) return true;
  return tenant.spec.workspaces?.some(({ name, role }) => name === workspace && role !== 'candidate') === true;
}

/** Whether a namespace is a tenant's own: its label says so, or without labels its name. */
export function ownsNamespace(lab: Lab, tenant: string, namespace: string): boolean {
  const labels = lab.namespaces.get(namespace)?.metadata.labels;
  const type = labels?.[LABEL.type];
  return type === 'tenant' ? labels?.[LABEL.name] === labelValue(tenant) : namespace === tenantNamespace(tenant);
}
