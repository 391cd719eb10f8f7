import { EXAM_TENANT, PERSONAL_WORKSPACE, type Tenant, tenantNamespace } from '@crownlabs/api';
import { type Clock, LabError, sameJson } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import { workspaceOf } from '../instance/gather.ts';
import { dropsDrive } from '../tenant/drive.ts';
import { bypasses } from './bypass.ts';
import { type AdmissionRequest, type Decision, isOwnRoom } from './review.ts';
import type { AdmissionWorld } from './world.ts';

/** What the validator of Tenants works with. */
export interface TenantRules {
  readonly world: AdmissionWorld;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
}

type Spec = Tenant['spec'];
type Membership = NonNullable<Spec['workspaces']>[number];
type Role = Membership['role'];

const DAY_MS = 86_400_000;

/** Who may change what of a Tenant. */
export async function validateTenant(request: AdmissionRequest<Tenant>, rules: TenantRules): Promise<Decision> {
  const { user, object, oldObject } = request;
  if (isOwnRoom(user)) return {};
  await keepPersonalWorkspace(request, rules.world);
  if (bypasses(user, rules.config)) return { warnings: ['webhook check overridden'] };
  guardMetadata(object, oldObject);
  if (user.username === object.metadata.name) return ownChange(request, rules);
  return managersChange(request, rules);
}

/** Taking the personal workspace away would orphan what was started from it. */
async function keepPersonalWorkspace({ object, oldObject }: AdmissionRequest<Tenant>, world: AdmissionWorld): Promise<void> {
  if (!oldObject?.spec.personalWorkspace || object.spec.personalWorkspace) return;
  const namespace = tenantNamespace(object.metadata.name);
  const inUse = world.instancesIn(namespace).some(({ spec }) => {
    const { name, namespace: of = namespace } = spec['template.crownlabs.polito.it/TemplateRef'];
    const template = world.knownTemplate(name, of);
    return template !== undefined && workspaceOf(template, namespace) === PERSONAL_WORKSPACE;
  });
  if (inUse) throw new LabError('Conflict', 'the personal workspace is in use: delete the instances started from it first');
}

/** Labels of ours, finalizers and owners are written by controllers: rights rest on them. */
function guardMetadata(now: Tenant, before: Tenant | undefined): void {
  const guarded = ({ metadata: { labels = {}, finalizers = [], ownerReferences = [] } }: Tenant) => {
    const ours = Object.entries(labels).filter(([key]) => key.startsWith('crownlabs.polito.it/') && !key.endsWith('/operator-selector'));
    return JSON.stringify([ours.toSorted(([a], [b]) => (a < b ? -1 : 1)), finalizers, ownerReferences]);
  };
  const untouched = before ? guarded(before) : JSON.stringify([[], [], []]);
  if (guarded(now) !== untouched) throw forbidden('labels of crownlabs.polito.it, finalizers and owners are set by the system');
}

async function ownChange({ object, oldObject }: AdmissionRequest<Tenant>, rules: TenantRules): Promise<Decision> {
  if (!oldObject) throw forbidden('you cannot create yourself');
  const changed = changedFields(oldObject.spec, object.spec).filter((it) => !['publicKeys', 'lastLogin', 'workspaces'].includes(it));
  if (changed.length > 0) throw forbidden(`you may not change ${changed.join(', ')} of yourself`);
  checkLastLogin(oldObject.spec, object.spec, rules.clock.now());
  const changes = membershipChanges(oldObject.spec, object.spec).filter((it) => !isFilledIn(it, rules.config));
  for (const change of changes) await checkOwnMembership(change, rules.world);
  return {};
}

/** Everybody is a user of the base workspaces: whoever was there before them gets them with the next change, and nobody asked for it. */
function isFilledIn({ workspace, before, now }: Change, { baseWorkspaces }: OperatorsConfig): boolean {
  return before === undefined && now === 'user' && baseWorkspaces.includes(workspace);
}

function checkLastLogin(before: Spec, now: Spec, time: number): void {
  if (now.lastLogin === before.lastLogin) return;
  const at = Date.parse(now.lastLogin ?? '');
  if (Number.isNaN(at) || Math.abs(at - time) > DAY_MS) throw forbidden('lastLogin must be within a day of now');
}

interface Change {
  readonly workspace: string;
  readonly before: Role | undefined;
  readonly now: Role | undefined;
}

/** One joins what is open, in the role that it is open for, and leaves it again. */
async function checkOwnMembership({ workspace: name, now }: Change, world: AdmissionWorld): Promise<void> {
  const mode = (await world.workspace(name))?.spec.autoEnroll ?? '';
  if (mode === '') throw forbidden(`the workspace ${name} does not let you join or leave by yourself: ask its manager`);
  if (now === undefined) return;
  const open: Role = mode === 'immediate' ? 'user' : 'candidate';
  if (now !== open) throw forbidden(`you may join the workspace ${name} as ${open} only`);
}

async function managersChange({ user, object, oldObject }: AdmissionRequest<Tenant>, { world, config }: TenantRules): Promise<Decision> {
  if (dropsDrive(object) && !(oldObject && dropsDrive(oldObject))) throw forbidden('you may not decide over what others wrote');
  const actor = await world.tenant(user.username);
  if (!actor) throw new LabError('NotFound', `there is no tenant ${user.username}, so nobody knows what you manage`);
  if (!oldObject) checkName(object.metadata.name, world);
  const changed = oldObject ? changedFields(oldObject.spec, object.spec).filter((it) => it !== 'workspaces') : [];
  if (changed.length > 0) throw forbidden(`a manager may change the workspaces of a tenant only, not ${changed.join(', ')}`);
  const managed = new Set((actor.spec.workspaces ?? []).flatMap(({ name, role }) => (role === 'manager' ? [name] : [])));
  const foreign = membershipChanges(oldObject?.spec, object.spec).filter((it) => !managed.has(it.workspace) && !isFilledIn(it, config));
  if (foreign.length > 0) throw forbidden(`you are not a manager of ${foreign.map((it) => it.workspace).join(', ')}`);
  return {};
}

/** A name stands for a namespace, a volume and rights: nobody takes those of another person, nor of the exams, by a name that is nearly theirs. */
function checkName(name: string, world: AdmissionWorld): void {
  if (name === EXAM_TENANT) throw forbidden(`the tenant ${name} is for administrators to make`);
  const twin = world.tenantsIn(tenantNamespace(name)).find((it) => it.metadata.name !== name);
  if (twin) throw forbidden(`${name} would have the personal space of ${twin.metadata.name}: choose another name`);
}

function membershipChanges(before: Spec | undefined, now: Spec): Change[] {
  const was = new Map((before?.workspaces ?? []).map(({ name, role }) => [name, role]));
  const is = new Map((now.workspaces ?? []).map(({ name, role }) => [name, role]));
  const names = new Set([...was.keys(), ...is.keys()]);
  return [...names]
    .map((workspace) => ({ workspace, before: was.get(workspace), now: is.get(workspace) }))
    .filter((it) => it.before !== it.now);
}

function changedFields(before: Spec, now: Spec): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  const values = (spec: Spec) => new Map<string, unknown>(Object.entries(spec));
  const [was, is] = [values(before), values(now)];
  return [...names].filter((name) => !sameJson(was.get(name), is.get(name)));
}

function forbidden(message: string): LabError {
  return new LabError('Forbidden', message);
}
