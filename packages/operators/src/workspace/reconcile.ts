import { FINALIZER, LABEL, type Tenant, tenants, type Workspace, workspaces } from '@crownlabs/api';
import type { EventRecorder } from '@crownlabs/client';
import type { Reconcile } from '@crownlabs/controller';
import { type Clock, type Logger, messageOf, sameJson } from '@crownlabs/std';
import { announceConditions } from '../announce.ts';
import type { OperatorsConfig } from '../config.ts';
import type { Directory } from '../directory.ts';
import type { Lab } from '../lab.ts';
import { isOurs } from '../manifests/labels.ts';
import type { OperatorMetrics } from '../metrics.ts';
import { autoenrollLabel, workspaceBindings, workspaceNamespacePiece } from './desired.ts';
import { observeWorkspace } from './status.ts';

/** What the workspace controller works with. */
export interface WorkspaceTools {
  readonly lab: Lab;
  readonly directory: Directory;
  readonly config: OperatorsConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly metrics: OperatorMetrics;
}

/** Gives every Workspace a namespace, roles, and the people who belong there. */
export function workspaceReconciler(tools: WorkspaceTools): Reconcile {
  const { lab, config, clock, events } = tools;
  return async ({ name }) => {
    const workspace = lab.workspaces.get(name);
    if (!workspace || !isOurs(workspace, config.operatorSelector)) return undefined;
    if (workspace.metadata.deletionTimestamp !== undefined) return end(tools, workspace);
    const current = await mark(lab, workspace);
    const [subscribed, namespace] = await Promise.all([
      subscribe(tools, current),
      lab.converger.ensure(workspaceNamespacePiece(current, config)),
    ]);
    const namespaceCreated = namespace.metadata.deletionTimestamp === undefined;
    if (namespaceCreated) await lab.converger.ensureAll(workspaceBindings(current));
    await settleCandidates(lab, current);
    const status = observeWorkspace({ workspace: current, namespaceCreated, subscribed, now: clock.now() });
    if (!sameJson(status, current.status)) {
      announceConditions(events, current, status.conditions ?? []);
      await lab.client.patch(workspaces, name, undefined, { status }, { subresource: 'status' });
    }
    return subscribed ? undefined : { afterMs: 30_000 };
  };
}

async function mark(lab: Lab, workspace: Workspace): Promise<Workspace> {
  const { finalizers = [], labels = {}, resourceVersion, name } = workspace.metadata;
  const wanted = { [LABEL.autoenroll]: autoenrollLabel(workspace), [LABEL.managedBy]: 'workspace' };
  const labelled = Object.entries(wanted).every(([key, value]) => labels[key] === value);
  const guarded = finalizers.includes(FINALIZER.tenantOperator);
  if (labelled && guarded) return workspace;
  const metadata = { resourceVersion, labels: wanted, ...(guarded ? {} : { finalizers: [...finalizers, FINALIZER.tenantOperator] }) };
  return lab.client.patch(workspaces, name, undefined, { metadata });
}

async function subscribe({ directory, log, metrics }: WorkspaceTools, { metadata: { name }, spec }: Workspace): Promise<boolean> {
  try {
    await directory.ensureWorkspace(name, spec.prettyName);
    return true;
  } catch (error) {
    metrics.internalError('workspace', 'directory');
    log.warn('A Workspace was not synchronized with the directory', { workspace: name, error: messageOf(error) });
    return false;
  }
}

/** Where joining became immediate, whoever waits is in; where it ended, nobody waits any longer. */
async function settleCandidates(lab: Lab, workspace: Workspace): Promise<void> {
  const mode = autoenrollLabel(workspace);
  if (mode === 'withApproval') return;
  await changeMembers(lab, workspace, ({ role }) => {
    if (role !== 'candidate') return role;
    return mode === 'immediate' ? 'user' : undefined;
  });
}

type Membership = NonNullable<Tenant['spec']['workspaces']>[number];

/** Rewrites the memberships of a workspace in all tenants; `undefined` removes one. */
async function changeMembers(
  lab: Lab,
  { metadata: { name } }: Workspace,
  role: (it: Membership) => Membership['role'] | undefined,
): Promise<void> {
  for (const tenant of lab.tenants.byIndex('workspace', name)) {
    const before = tenant.spec.workspaces ?? [];
    const after = before.flatMap((it) => {
      if (it.name !== name) return [it];
      const kept = role(it);
      return kept === undefined ? [] : [{ ...it, role: kept }];
    });
    if (JSON.stringify(after) === JSON.stringify(before)) continue;
    const { resourceVersion } = tenant.metadata;
    await lab.client.patch(tenants, tenant.metadata.name, undefined, { metadata: { resourceVersion }, spec: { workspaces: after } });
  }
}

/** The people leave first, so that nobody keeps a role in what is gone. Objects follow by owner references. */
async function end({ lab, directory }: WorkspaceTools, workspace: Workspace): Promise<undefined> {
  const { name, finalizers = [], resourceVersion } = workspace.metadata;
  if (!finalizers.includes(FINALIZER.tenantOperator)) return undefined;
  await changeMembers(lab, workspace, () => undefined);
  await directory.removeWorkspace(name);
  const rest = finalizers.filter((it) => it !== FINALIZER.tenantOperator);
  await lab.client.patch(workspaces, name, undefined, { metadata: { resourceVersion, finalizers: rest } });
  return undefined;
}
