import type { Kube } from '@crownlabs/client';
import type { ClusterRoleBinding, RoleBinding } from 'kubernetes-types/rbac/v1.js';
import type { Wanted } from '../converge.ts';

/** The API group of roles and bindings. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** A person or a group, as bindings name them. */
export interface BoundSubject {
  readonly kind: 'User' | 'Group';
  readonly name: string;
}

type BindingMetadata = Wanted<Kube<RoleBinding>>['metadata'];

/** Binds a subject to a ClusterRole inside one namespace. */
export function bindInNamespace(metadata: BindingMetadata, clusterRole: string, subject: BoundSubject): Wanted<Kube<RoleBinding>> {
  return { apiVersion: `${RBAC_GROUP}/v1`, kind: 'RoleBinding', metadata, ...binding(clusterRole, subject) };
}

/** Binds a subject to a ClusterRole everywhere. */
export function bindEverywhere(metadata: BindingMetadata, clusterRole: string, subject: BoundSubject): Wanted<Kube<ClusterRoleBinding>> {
  return { apiVersion: `${RBAC_GROUP}/v1`, kind: 'ClusterRoleBinding', metadata, ...binding(clusterRole, subject) };
}

function binding(clusterRole: string, { kind, name }: BoundSubject) {
  return {
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: clusterRole },
    subjects: [{ kind, apiGroup: RBAC_GROUP, name }],
  };
}
