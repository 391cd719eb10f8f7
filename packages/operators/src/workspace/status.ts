import { type Workspace, type WorkspaceStatus, workspaceNamespace } from '@crownlabs/api';
import { conditionsFrom, type Finding } from '../conditions.ts';

/** What a reconcile found out about a workspace. */
export interface WorkspaceFacts {
  readonly workspace: Workspace;
  readonly namespaceCreated: boolean;
  readonly subscribed: boolean;
  readonly now: number;
}

/** What a workspace is. */
export function observeWorkspace({ workspace, namespaceCreated, subscribed, now }: WorkspaceFacts): WorkspaceStatus {
  const finding = ready(namespaceCreated, subscribed);
  return {
    ...workspace.status,
    namespace: { name: workspaceNamespace(workspace.metadata.name), created: namespaceCreated },
    subscription: { keycloak: subscribed ? 'Ok' : 'Failed' },
    ready: finding.status === 'True',
    conditions: conditionsFrom([finding], workspace.status?.conditions, now),
    observedGeneration: workspace.metadata.generation ?? 0,
  };
}

function ready(namespaceCreated: boolean, subscribed: boolean): Finding {
  if (!namespaceCreated)
    return { type: 'Ready', status: 'False', reason: 'PreparingNamespace', message: 'The namespace is being prepared.' };
  if (subscribed) return { type: 'Ready', status: 'True', reason: 'Ready', message: 'Everything is prepared.' };
  const message = 'The identity provider does not know the roles of this workspace yet. This is tried again.';
  return { type: 'Ready', status: 'False', reason: 'DirectoryUnavailable', message };
}
