import { USE_NAMESPACE } from '@crownlabs/api';
import { roleBindings, roles } from '@crownlabs/client';
import { SYSTEM_NAMESPACE } from '../admission/handlers.ts';
import { type Piece, piece } from '../converge.ts';
import { RBAC_GROUP } from './bindings.ts';
import { managedBy } from './labels.ts';

/** What lets the doors report use, and nothing else: leases in one namespace that has nothing but those. */
export function useReportPieces(): Piece[] {
  const metadata = { name: 'crownlabs-report-use', namespace: USE_NAMESPACE, labels: managedBy('operators') };
  return [
    piece(roles, {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: 'Role',
      metadata,
      rules: [{ apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'create', 'patch'] }],
    }),
    piece(roleBindings, {
      apiVersion: `${RBAC_GROUP}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: RBAC_GROUP, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: 'gateway', namespace: SYSTEM_NAMESPACE }],
    }),
  ];
}
