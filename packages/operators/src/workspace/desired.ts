import { GROUP_PREFIX, LABEL, type Workspace, workspaceGroup, workspaceNamespace } from '@crownlabs/api';
import { clusterRoleBindings, namespaces, ownedBy, roleBindings } from '@crownlabs/client';
import type { OperatorsConfig } from '../config.ts';
import { type Piece, piece } from '../converge.ts';
import { bindEverywhere, bindInNamespace } from '../manifests/bindings.ts';
import { managedBy, selectorLabel } from '../manifests/labels.ts';

/** The namespace of a workspace, where its templates are. */
export function workspaceNamespacePiece(workspace: Workspace, config: OperatorsConfig): Piece {
  return piece(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: workspaceNamespace(workspace.metadata.name),
      labels: managedBy('workspace', { ...selectorLabel(config.operatorSelector), [LABEL.type]: 'workspace' }),
      ownerReferences: [ownedBy(workspace)],
    },
  });
}

/**
 * Who may do what there. Managers reach templates and volumes of this namespace, and Tenants as far as admission lets them; Instances they
 * reach one by one, through the Role that each has, and never as a whole.
 */
export function workspaceBindings(workspace: Workspace): Piece[] {
  const { name } = workspace.metadata;
  const namespace = workspaceNamespace(name);
  const metadata = (of: string) => ({ name: of, namespace, labels: managedBy('workspace'), ownerReferences: [ownedBy(workspace)] });
  const users = { kind: 'Group', name: GROUP_PREFIX + workspaceGroup(name, 'user') } as const;
  const managers = { kind: 'Group', name: GROUP_PREFIX + workspaceGroup(name, 'manager') } as const;
  const everywhere = { name: `crownlabs-manage-tenants-${name}`, labels: managedBy('workspace'), ownerReferences: [ownedBy(workspace)] };
  return [
    piece(roleBindings, bindInNamespace(metadata('crownlabs-view-templates'), 'crownlabs-view-templates', users)),
    piece(roleBindings, bindInNamespace(metadata('crownlabs-manage-templates'), 'crownlabs-manage-templates', managers)),
    piece(roleBindings, bindInNamespace(metadata('crownlabs-manage-sharedvolumes'), 'crownlabs-manage-sharedvolumes', managers)),
    piece(clusterRoleBindings, bindEverywhere(everywhere, 'crownlabs-manage-tenants', managers)),
  ];
}

/** The value of the autoenroll label. */
export function autoenrollLabel({ spec }: Workspace): 'immediate' | 'withApproval' | 'disabled' {
  return spec.autoEnroll === 'immediate' || spec.autoEnroll === 'withApproval' ? spec.autoEnroll : 'disabled';
}
