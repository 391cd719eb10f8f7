import {
  amount,
  amountNumber,
  type Instance,
  LABEL,
  PERSONAL_WORKSPACE,
  type Template,
  type Tenant,
  type WorkspaceQuota,
} from '@crownlabs/api';
import { LabError } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import { isMember, workspaceOf } from '../instance/gather.ts';
import { labelValue } from '../instance/labels.ts';
import { type Charge, chargeOf, NO_CHARGE, refusalText, shortageOf, totalCharge } from '../quota/charge.ts';
import { INSTANCE_COUNT, namespaceLimits } from '../tenant/quota.ts';
import { keepBooks } from './books.ts';
import { bypasses } from './bypass.ts';
import { instanceWarnings } from './instance-warnings.ts';
import { type AdmissionRequest, type Decision, isOwnRoom } from './review.ts';
import type { AdmissionWorld } from './world.ts';

/** What the validator of Instances works with. */
export interface InstanceRules {
  readonly world: AdmissionWorld;
  readonly config: OperatorsConfig;
}

/** Whether an Instance may be made, started or changed like this. */
export async function validateInstance(request: AdmissionRequest<Instance>, rules: InstanceRules): Promise<Decision> {
  const { user, object, oldObject } = request;
  if (isOwnRoom(user)) return {};
  requireReferences(object);
  if (oldObject) {
    keepRights(object, oldObject);
    if (!bypasses(user, rules.config)) keepBooks(object, oldObject);
    return oldObject.spec.running || !object.spec.running ? {} : checkQuota(request, await subjectOf(request, rules), rules);
  }
  const subject = await subjectOf(request, rules);
  checkLabels(object, subject.workspace);
  await checkCount(request, subject.tenant, rules);
  const { warnings = [] } = object.spec.running ? checkQuota(request, subject, rules) : {};
  const all = [...instanceWarnings(object, subject.template), ...warnings];
  return all.length > 0 ? { warnings: all } : {};
}

/** The schema demands them of a spec, and does not demand a spec. */
function requireReferences({ spec }: { readonly spec?: Partial<Instance['spec']> }): void {
  if (spec?.['template.crownlabs.polito.it/TemplateRef'] && spec['tenant.crownlabs.polito.it/TenantRef']) return;
  throw new LabError('Invalid', 'an instance needs a spec, with the template that it is of and the tenant whose it is');
}

interface Subject {
  readonly template: Template;
  readonly tenant: Tenant;
  readonly workspace: string;
  readonly quota: WorkspaceQuota;
}

/** The template, owner and workspace of an instance, all of which must be there and belong together. */
async function subjectOf({ object, namespace }: AdmissionRequest<Instance>, rules: InstanceRules): Promise<Subject> {
  const { world } = rules;
  const owner = object.spec['tenant.crownlabs.polito.it/TenantRef'].name;
  const tenant = await world.tenant(owner);
  if (!tenant) throw new LabError('NotFound', `there is no tenant ${owner}`);
  if (!world.ownsNamespace(owner, namespace)) throw new LabError('Forbidden', `the namespace ${namespace} is not that of tenant ${owner}`);
  const reference = object.spec['template.crownlabs.polito.it/TemplateRef'];
  const template = await world.template(reference.name, reference.namespace ?? namespace);
  if (!template) {
    throw new LabError(
      'NotFound',
      `there is no template ${reference.name} in ${reference.namespace ?? namespace}: it may have been deleted`,
    );
  }
  const workspace = workspaceOf(template, namespace);
  return { template, tenant, workspace, quota: await quotaOf(tenant, workspace, rules) };
}

async function quotaOf(tenant: Tenant, workspace: string, { world, config }: InstanceRules): Promise<WorkspaceQuota> {
  if (workspace === PERSONAL_WORKSPACE) {
    const quota = tenant.spec.personalWorkspace;
    if (!quota) throw new LabError('Forbidden', `${tenant.metadata.name} may not use templates of their own`);
    return quota;
  }
  const found = workspace === '' ? undefined : await world.workspace(workspace);
  if (!found) throw new LabError('NotFound', 'the template is in no workspace');
  if (!isMember(tenant, workspace, config)) throw new LabError('Forbidden', `${tenant.metadata.name} is not in the workspace ${workspace}`);
  return found.spec.quota;
}

const RIGHTS = [LABEL.workspace, LABEL.template] as const;

/** Managers' rights and quotas rest on these labels: users neither choose nor change them. */
function keepRights(now: Instance, before: Instance): void {
  for (const label of RIGHTS) {
    const was = before.metadata.labels?.[label];
    if (was === now.metadata.labels?.[label]) continue;
    throw new LabError('Forbidden', `the label ${label} is set by the system`);
  }
  for (const field of ['template.crownlabs.polito.it/TemplateRef', 'tenant.crownlabs.polito.it/TenantRef'] as const) {
    if (before.spec[field].name === now.spec[field].name && before.spec[field].namespace === now.spec[field].namespace) continue;
    throw new LabError('Forbidden', `spec.${field} cannot be changed: create another instance instead`);
  }
}

function checkLabels({ metadata: { labels = {} }, spec }: Instance, workspace: string): void {
  const right = {
    [LABEL.workspace]: labelValue(workspace),
    [LABEL.template]: labelValue(spec['template.crownlabs.polito.it/TemplateRef'].name),
  };
  for (const label of RIGHTS) {
    if (labels[label] === undefined || labels[label] === right[label]) continue;
    throw new LabError('Forbidden', `the label ${label} is set by the system`);
  }
}

/** Stopped instances count as well; the API's own quota would say so in words for administrators. */
async function checkCount({ namespace }: AdmissionRequest<Instance>, tenant: Tenant, { world, config }: InstanceRules): Promise<void> {
  const joined = (tenant.spec.workspaces ?? []).filter(({ role }) => role !== 'candidate');
  const quotas = (await Promise.all(joined.map(({ name }) => world.workspace(name)))).flatMap((it) => (it ? [it.spec.quota] : []));
  const limits = namespaceLimits([...quotas, ...(tenant.spec.personalWorkspace ? [tenant.spec.personalWorkspace] : [])], config.caps);
  const limit = amountNumber(amount(limits[INSTANCE_COUNT] ?? 0));
  const wanted = world.instancesIn(namespace).length + 1;
  if (wanted <= limit) return;
  throw new LabError('Forbidden', `quota exceeded: Instances (${wanted} > ${limit}). Stopped ones count as well: delete one`);
}

/** The early answer. The controller's ledger has the last word, so this one may be late by one. */
function checkQuota(
  { object, namespace }: AdmissionRequest<Instance>,
  { template, workspace, quota }: Subject,
  { world }: InstanceRules,
): Decision {
  const warnings: string[] = [];
  const others = world.instancesIn(namespace).filter((it) => it.metadata.name !== object.metadata.name);
  const used = others.map((it): Charge => {
    const { name, namespace: of = namespace } = it.spec['template.crownlabs.polito.it/TemplateRef'];
    const found = world.knownTemplate(name, of);
    if (!found) warnings.push(`the template ${name} of instance ${it.metadata.name} does not exist: it was not counted`);
    if (!found || workspaceOf(found, namespace) !== workspace) return NO_CHARGE;
    return chargeOf(found.spec.environmentList, holdsPods(it) ? 'everything' : 'disks');
  });
  const shortage = shortageOf(quota, totalCharge(used), chargeOf(template.spec.environmentList, 'everything'));
  if (shortage) throw new LabError('Forbidden', refusalText(shortage));
  return warnings.length > 0 ? { warnings } : {};
}

/** What was stopped a moment ago is still in memory, and still counts. */
function holdsPods({ spec, status }: Instance): boolean {
  return spec.running || status?.conditions?.some((it) => it.type === 'KeptInMemory' && it.status === 'True') === true;
}
