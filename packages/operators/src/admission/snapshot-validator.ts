import { GROUP_PREFIX, type Instance, type InstanceSnapshot, workspaceGroup, workspaceNamespace } from '@crownlabs/api';
import { LabError, sameJson } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import { bypasses } from './bypass.ts';
import { type AdmissionRequest, type Decision, isOwnRoom, type ReviewUser } from './review.ts';
import type { AdmissionWorld } from './world.ts';

/** What the validator of InstanceSnapshots works with. */
export interface SnapshotRules {
  readonly world: AdmissionWorld;
  readonly config: OperatorsConfig;
}

/**
 * Whose disk may be copied: one's own, beside it; or one of the own workspace, into the namespace of that workspace, by its managers. Whether
 * an instance of somebody else exists is not told.
 */
export async function validateSnapshot(request: AdmissionRequest<InstanceSnapshot>, { world, config }: SnapshotRules): Promise<Decision> {
  const { user, namespace, object, oldObject } = request;
  if (isOwnRoom(user)) return {};
  if (oldObject) {
    if (sameJson(object.spec, oldObject.spec)) return {};
    throw new LabError('Forbidden', 'spec cannot be changed: make another snapshot instead');
  }
  const { name, namespace: of = namespace } = object.spec.instanceRef;
  const instance = world.instancesIn(of).find(({ metadata }) => metadata.name === name);
  const allowed = instance && (of === namespace ? isOwn(request, world) : await isManaged(instance, request, world));
  if (allowed === true || (instance && bypasses(user, config))) return {};
  throw new LabError('Forbidden', `there is no instance ${name} that you may make an image of`);
}

function isOwn({ user, namespace }: AdmissionRequest<InstanceSnapshot>, world: AdmissionWorld): boolean {
  return world.ownsNamespace(user.username, namespace);
}

async function isManaged(
  { spec }: Instance,
  { user, namespace }: AdmissionRequest<InstanceSnapshot>,
  world: AdmissionWorld,
): Promise<boolean> {
  if (spec['template.crownlabs.polito.it/TemplateRef'].namespace !== namespace) return false;
  const workspace = world.workspaceIn(namespace)?.metadata.name;
  return workspace !== undefined && isManager(user, workspace, world);
}

/** The live Tenant decides where there is one: a role that was taken away is gone before the token is. */
async function isManager({ username, groups }: ReviewUser, workspace: string, world: AdmissionWorld): Promise<boolean> {
  const tenant = await world.tenant(username);
  if (!tenant) return groups.includes(GROUP_PREFIX + workspaceGroup(workspace, 'manager'));
  const memberships = tenant.spec.workspaces ?? [];
  return memberships.some(({ name, role }) => role === 'manager' && workspaceNamespace(name) === workspaceNamespace(workspace));
}
