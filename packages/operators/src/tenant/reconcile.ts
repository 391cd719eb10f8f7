import { type Amount, FINALIZER, sandboxNamespace, type Tenant, tenantNamespace, tenants } from '@crownlabs/api';
import { type EventRecorder, namespaces, roleBindings } from '@crownlabs/client';
import type { Reconcile, Requeue } from '@crownlabs/controller';
import { type Clock, type Logger, messageOf, sameJson } from '@crownlabs/std';
import { announceConditions } from '../announce.ts';
import type { OperatorsConfig } from '../config.ts';
import type { Directory, DirectoryUser } from '../directory.ts';
import { templateOf } from '../instance/template-of.ts';
import type { Lab } from '../lab.ts';
import { isOurs } from '../manifests/labels.ts';
import type { OperatorMetrics } from '../metrics.ts';
import { chargeOf } from '../quota/charge.ts';
import { PERSONAL_TEMPLATES, personalNamespace, personalPieces, sandbox, selfAccess } from './desired.ts';
import { endDrive, makeDrive } from './make-drive.ts';
import { directoryRoles, labelChanges, type Memberships, memberships } from './memberships.ts';
import { observeTenant, observeTwin, type TenantFacts } from './status.ts';
import { elderTwin } from './twin.ts';

/** What the tenant controller works with. */
export interface TenantTools {
  readonly lab: Lab;
  readonly directory: Directory;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
}

/** Gives every Tenant an account, rights over itself, and a personal namespace with limits. */
export function tenantReconciler(tools: TenantTools): Reconcile {
  const { lab, config, clock, events } = tools;
  return async ({ name }) => {
    const tenant = lab.tenants.get(name);
    if (!tenant || !isOurs(tenant, config.operatorSelector)) return undefined;
    if (tenant.metadata.deletionTimestamp !== undefined) return end(tools, tenant);
    const twin = elderTwin(lab, tenant);
    if (twin) return standBack(tools, tenant, twin);
    const found = memberships(tenant, (workspace) => lab.workspaces.get(workspace));
    const current = await mark(tools, tenant, found);
    const account = await synchronize(tools, current, found);
    const waitsForConfirmation = config.waitUserVerification && !account.user.confirmed;
    const made = waitsForConfirmation ? NOTHING : await realise(tools, current, found);
    const status = observeTenant({ tenant: current, memberships: found, ...account, ...made, waitsForConfirmation, now: clock.now() });
    if (!sameJson(status, current.status)) {
      announceConditions(events, current, status.conditions ?? []);
      await lab.client.patch(tenants, name, undefined, { status }, { subresource: 'status' });
    }
    if (waitsForConfirmation) return { afterMs: CONFIRMATION_RETRY_MS };
    return nextLook(current, account.synchronized, config, clock.now());
  };
}

/** What is there under its names is another person's: it gets nothing, and says why. */
async function standBack({ lab, clock, events }: TenantTools, tenant: Tenant, twin: Tenant): Promise<undefined> {
  const status = observeTwin(tenant, twin, clock.now());
  if (sameJson(status, tenant.status)) return undefined;
  announceConditions(events, tenant, status.conditions ?? []);
  await lab.client.patch(tenants, tenant.metadata.name, undefined, { status }, { subresource: 'status' });
  return undefined;
}

/** A directory that can tell of a confirmation does; one that cannot is asked. */
const CONFIRMATION_RETRY_MS = 60_000;

type Made = Pick<TenantFacts, 'namespace' | 'sandbox' | 'drive'>;
const NOTHING: Made = { namespace: 'unwanted', sandbox: false, drive: 'none' };

function nextLook(tenant: Tenant, synchronized: boolean, { namespaceKeepAliveMs }: OperatorsConfig, now: number): Requeue {
  if (!synchronized) return { afterMs: 30_000 };
  if (namespaceKeepAliveMs === 'forever') return undefined;
  const until = lastLogin(tenant) + namespaceKeepAliveMs;
  return until > now ? { afterMs: until - now + 1_000 } : undefined;
}

/** The finalizer and the labels, in one write that somebody else's write makes fail. */
async function mark({ lab, config }: TenantTools, tenant: Tenant, found: Memberships): Promise<Tenant> {
  const { finalizers = [], resourceVersion, name } = tenant.metadata;
  const labels = labelChanges(tenant, found, config.baseWorkspaces);
  const missing = !finalizers.includes(FINALIZER.tenantOperator);
  if (!labels && !missing) return tenant;
  const metadata = {
    resourceVersion,
    ...(labels ? { labels } : {}),
    ...(missing ? { finalizers: [...finalizers, FINALIZER.tenantOperator] } : {}),
  };
  return lab.client.patch(tenants, name, undefined, { metadata });
}

/** A provider that is away must not keep people from what they already have. */
async function synchronize({ directory, log, metrics }: TenantTools, tenant: Tenant, found: Memberships) {
  const { name } = tenant.metadata;
  const { email, firstName, lastName } = tenant.spec;
  let user: DirectoryUser = {
    created: tenant.status?.keycloak.userCreated.created === true,
    confirmed: tenant.status?.keycloak.userConfirmed === true,
  };
  try {
    user = await directory.ensureUser({ name, email, firstName, lastName });
    await directory.setRoles(name, directoryRoles(found));
    return { user, synchronized: true };
  } catch (error) {
    metrics.internalError('tenant', 'directory');
    log.warn('A Tenant was not synchronized with the directory', { tenant: name, error: messageOf(error) });
    return { user, synchronized: false };
  }
}

async function realise(tools: TenantTools, tenant: Tenant, found: Memberships): Promise<Made> {
  const { lab, config, clock } = tools;
  const wanted = wantsNamespace(lab, tenant, config, clock.now());
  const [namespace, sandboxed] = await Promise.all([
    wanted ? makePersonal(tools, tenant, found) : dropPersonal(lab, tenant),
    makeSandbox(lab, tenant),
    lab.converger.ensureAll(selfAccess(tenant)),
  ]);
  return { ...namespace, sandbox: sandboxed };
}

function wantsNamespace(lab: Lab, tenant: Tenant, { namespaceKeepAliveMs }: OperatorsConfig, now: number): boolean {
  if (namespaceKeepAliveMs === 'forever' || lastLogin(tenant) + namespaceKeepAliveMs > now) return true;
  const namespace = tenantNamespace(tenant.metadata.name);
  if (lab.instances.byIndex('namespace', namespace).length > 0) return true;
  return tenant.spec.personalWorkspace !== undefined && lab.templates.list().some((it) => it.metadata.namespace === namespace);
}

function lastLogin({ spec }: Tenant): number {
  return Date.parse(spec.lastLogin ?? '') || 0;
}

async function makePersonal(tools: TenantTools, tenant: Tenant, found: Memberships): Promise<Omit<Made, 'sandbox'>> {
  const { lab, config } = tools;
  const namespace = await lab.converger.ensure(personalNamespace(tenant, config));
  if (namespace.metadata.deletionTimestamp !== undefined) return { namespace: 'pending', drive: 'none' };
  const [drive] = await Promise.all([
    makeDrive(tools, tenant),
    lab.converger.ensureAll(personalPieces(tenant, found, { config, disks: disksIn(lab, namespace.metadata.name) })),
    tenant.spec.personalWorkspace ? undefined : lab.converger.remove(roleBindings, PERSONAL_TEMPLATES, namespace.metadata.name),
  ]);
  return { namespace: 'there', drive };
}

function disksIn(lab: Lab, namespace: string): Amount {
  const environments = lab.instances.byIndex('namespace', namespace).flatMap((it) => templateOf(lab, it)?.spec.environmentList ?? []);
  return chargeOf(environments, 'everything').disk;
}

async function dropPersonal(lab: Lab, tenant: Tenant): Promise<Omit<Made, 'sandbox'>> {
  await lab.converger.remove(namespaces, tenantNamespace(tenant.metadata.name));
  return { namespace: 'unwanted', drive: 'none' };
}

async function makeSandbox(lab: Lab, tenant: Tenant): Promise<boolean> {
  if (!tenant.spec.createSandbox) {
    await lab.converger.remove(namespaces, sandboxNamespace(tenant.metadata.name));
    return false;
  }
  const { namespace, pieces } = sandbox(tenant);
  await lab.converger.ensure(namespace);
  await lab.converger.ensureAll(pieces);
  return true;
}

/** What a tenant owned goes with it by owner references; only the directory needs to be told. */
async function end({ lab, directory }: TenantTools, tenant: Tenant): Promise<undefined> {
  const { name, finalizers = [], resourceVersion } = tenant.metadata;
  if (!finalizers.includes(FINALIZER.tenantOperator)) return undefined;
  await directory.removeUser(name);
  await endDrive(lab, tenant);
  const rest = finalizers.filter((it) => it !== FINALIZER.tenantOperator);
  await lab.client.patch(tenants, name, undefined, { metadata: { resourceVersion, finalizers: rest } });
  return undefined;
}
