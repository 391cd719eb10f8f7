import {
  type Environment,
  environmentObjectName,
  type ImageBuild,
  type Instance,
  LABEL,
  PERSONAL_WORKSPACE,
  type Template,
  type Tenant,
  tenantNamespace,
  workspaceNamespace,
} from '@crownlabs/api';
import { type Kube, keyOf } from '@crownlabs/client';
import type { Pod } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import type { Doorbell } from '../doorbell.ts';
import type { Lab } from '../lab.ts';
import { type EnvironmentFacts, type InstanceFacts, isDesktop, type Refusal } from './facts.ts';
import { labelValue } from './labels.ts';

/** What is looked at to know an instance. */
export interface Sight {
  readonly lab: Lab;
  readonly doorbell: Doorbell;
  readonly config: OperatorsConfig;
}

/** Everything that is known about an instance now. */
export function gather({ lab, doorbell, config }: Sight, instance: Instance, now: number): InstanceFacts {
  const { namespace = '' } = instance.metadata;
  const reference = instance.spec['template.crownlabs.polito.it/TemplateRef'];
  const template = lab.templates.get(reference.name, reference.namespace ?? namespace);
  const tenant = lab.tenants.get(instance.spec['tenant.crownlabs.polito.it/TenantRef'].name);
  const workspace = template ? workspaceOf(template, namespace) : '';
  const environments = (template?.spec.environmentList ?? []).map((it) => environmentFacts(lab, doorbell, instance, it));
  const driveWanted = config.drive !== undefined && environments.some(({ environment }) => environment.mountMyDriveVolume);
  return {
    instance,
    template,
    tenant,
    workspace,
    environments,
    refusal: refusalOf(lab, config, { instance, template, tenant, workspace }),
    shortage: undefined,
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

function environmentFacts(lab: Lab, doorbell: Doorbell, instance: Instance, environment: Environment): EnvironmentFacts {
  const { namespace = '', name } = instance.metadata;
  const objectName = environmentObjectName(name, environment.name);
  const pod = newest(lab.pods.byIndex('environment', `${namespace}/${labelValue(name)}/${environment.name}`));
  return {
    environment,
    name: objectName,
    deployment: lab.deployments.get(objectName, namespace),
    service: lab.services.get(objectName, namespace),
    claim: lab.claims.get(objectName, namespace),
    pod,
    build: buildOf(lab, environment.image),
    connectable: pod !== undefined && isDesktop(environment) && (doorbell.answered(pod, keyOf(instance)) || wasOpen(instance, pod)),
  };
}

/** After a restart of ours nobody has asked the desktops yet; one that was open and whose pod is older than that is believed. */
function wasOpen(instance: Instance, pod: Kube<Pod>): boolean {
  const said = instance.status?.conditions?.find(({ type }) => type === 'Connectable');
  if (said?.status !== 'True') return false;
  return (
    Date.parse(pod.metadata.creationTimestamp ?? '') <= Date.parse(said.lastTransitionTime) && pod.metadata.deletionTimestamp === undefined
  );
}

function newest(found: readonly Kube<Pod>[]): Kube<Pod> | undefined {
  const age = ({ metadata }: Kube<Pod>) => Date.parse(metadata.creationTimestamp ?? '') || 0;
  const byAge = found.toSorted((a, b) => age(b) - age(a));
  return byAge.find(({ metadata }) => metadata.deletionTimestamp === undefined) ?? byAge[0];
}

function buildOf(lab: Lab, image: string): ImageBuild | undefined {
  return lab.builds.list().find((build) => build.spec.image === image);
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
