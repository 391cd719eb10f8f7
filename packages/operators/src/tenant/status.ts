import { sandboxNamespace, type Tenant, type TenantStatus, tenantNamespace } from '@crownlabs/api';
import { conditionsFrom, type Finding } from '../conditions.ts';
import type { DirectoryUser } from '../directory.ts';
import type { Memberships } from './memberships.ts';
import { isPublicKey } from './public-keys.ts';

/** What a reconcile found out about a tenant. */
export interface TenantFacts {
  readonly tenant: Tenant;
  readonly memberships: Memberships;
  readonly user: DirectoryUser;
  readonly synchronized: boolean;
  readonly namespace: 'there' | 'pending' | 'unwanted';
  readonly sandbox: boolean;
  /** `none` where the home has no personal volumes. */
  readonly drive: 'ready' | 'pending' | 'broken' | 'unavailable' | 'none';
  readonly waitsForConfirmation: boolean;
  readonly now: number;
}

/** What a tenant is. */
export function observeTenant(facts: TenantFacts): TenantStatus {
  const { tenant, memberships, user, synchronized, namespace, sandbox, now } = facts;
  const { name } = tenant.metadata;
  const finding = ready(facts);
  return {
    ...tenant.status,
    personalNamespace: { name: tenantNamespace(name), created: namespace === 'there' },
    sandboxNamespace: sandbox ? { name: sandboxNamespace(name), created: true } : { created: false },
    failingWorkspaces: [...memberships.failing],
    subscriptions: { ...tenant.status?.subscriptions, keycloak: synchronized ? 'Ok' : 'Failed' },
    keycloak: { userCreated: { name, created: user.created }, userConfirmed: user.confirmed, userSynchronized: synchronized },
    ready: finding.status === 'True',
    personalWorkspaceCreated: tenant.spec.personalWorkspace !== undefined && namespace === 'there',
    conditions: conditionsFrom([finding, ...workspaces(memberships), ...keys(tenant), ...drive(facts)], tenant.status?.conditions, now),
    observedGeneration: tenant.metadata.generation ?? 0,
  };
}

/** What a tenant is whose objects would have the names of another one's. */
export function observeTwin({ metadata, status }: Tenant, twin: Tenant, now: number): TenantStatus {
  const message = `${twin.metadata.name} was there before and has the personal space that this name stands for. Choose another name.`;
  const { userCreated, userConfirmed = false } = status?.keycloak ?? {};
  return {
    ...status,
    personalNamespace: { name: tenantNamespace(metadata.name), created: false },
    sandboxNamespace: { created: false },
    keycloak: { userCreated: userCreated ?? { name: metadata.name, created: false }, userConfirmed, userSynchronized: false },
    ready: false,
    personalWorkspaceCreated: false,
    conditions: conditionsFrom([{ type: 'Ready', status: 'False', reason: 'NameTaken', message }], status?.conditions, now),
    observedGeneration: metadata.generation ?? 0,
  };
}

function ready({ synchronized, namespace, waitsForConfirmation }: TenantFacts): Finding {
  const say = (status: 'True' | 'False', reason: string, message: string): Finding => ({ type: 'Ready', status, reason, message });
  if (waitsForConfirmation)
    return say('False', 'WaitingForConfirmation', 'Confirm your e-mail address: a message with a link was sent to you.');
  if (!synchronized)
    return say('False', 'DirectoryUnavailable', 'The identity provider does not know your roles yet. This is tried again.');
  if (namespace === 'pending') return say('False', 'PreparingNamespace', 'Your personal space is being prepared.');
  if (namespace === 'unwanted') return say('True', 'Dormant', 'Your personal space is made when you sign in.');
  return say('True', 'Ready', 'Everything is prepared.');
}

function workspaces({ failing }: Memberships): Finding[] {
  if (failing.length === 0) return [];
  const message = `These workspaces do not exist or cannot be joined: ${failing.join(', ')}.`;
  return [{ type: 'WorkspacesFailing', status: 'True', reason: 'UnknownWorkspace', message }];
}

/** The keys work all the same: those that are keys. */
function keys({ spec }: Tenant): Finding[] {
  const wrong = (spec.publicKeys ?? []).flatMap((line, i) => (isPublicKey(line.trim()) ? [] : [i + 1]));
  if (wrong.length === 0) return [];
  const which = wrong.length === 1 ? `SSH key ${wrong[0]} is` : `SSH keys ${wrong.join(', ')} are`;
  const message = `${which} not as OpenSSH writes them and cannot be used: paste the whole line of your .pub file.`;
  return [{ type: 'PublicKeysInvalid', status: 'True', reason: 'NoPublicKey', message }];
}

function drive({ drive: state, namespace }: TenantFacts): Finding[] {
  if (state === 'none' || namespace === 'unwanted') return [];
  if (state === 'ready') return [{ type: 'DriveReady', status: 'True', reason: 'Mounted', message: 'Your personal drive is there.' }];
  if (state === 'pending')
    return [{ type: 'DriveReady', status: 'False', reason: 'Provisioning', message: 'Your personal drive is being made.' }];
  if (state === 'broken') {
    const message = 'Your personal drive could not be handed to you. Tell the administrator of this system.';
    return [{ type: 'DriveReady', status: 'False', reason: 'ProvisioningFailed', message }];
  }
  const message = 'The storage of this system cannot show one volume in two places, so environments have no personal drive.';
  return [{ type: 'DriveUnavailable', status: 'True', reason: 'NoSharedStorage', message }];
}
