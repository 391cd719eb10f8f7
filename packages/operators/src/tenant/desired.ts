import { type Amount, canonicalName, LABEL, sandboxNamespace, type Tenant, tenantNamespace, type WorkspaceQuota } from '@crownlabs/api';
import {
  clusterRoleBindings,
  clusterRoles,
  limitRanges,
  namespaces,
  networkPolicies,
  ownedBy,
  resourceQuotas,
  roleBindings,
} from '@crownlabs/client';
import type { OperatorsConfig } from '../config.ts';
import { type Piece, piece } from '../converge.ts';
import { labelValue } from '../instance/labels.ts';
import { bindEverywhere, bindInNamespace, RBAC_GROUP } from '../manifests/bindings.ts';
import { managedBy, selectorLabel } from '../manifests/labels.ts';
import type { Memberships } from './memberships.ts';
import { namespaceLimits, withRoomForMirrors } from './quota.ts';

/** The ClusterRole by which a tenant reaches itself, and its binding. */
export function selfAccessName(tenant: string): string {
  return `crownlabs-manage-tenant-${canonicalName(tenant)}`;
}

/** Lets a tenant read and, as far as admission allows, change itself. */
export function selfAccess(tenant: Tenant): Piece[] {
  const name = selfAccessName(tenant.metadata.name);
  const metadata = { name, labels: managedBy('tenant'), ownerReferences: [ownedBy(tenant)] };
  const rules = [
    {
      apiGroups: ['crownlabs.polito.it'],
      resources: ['tenants'],
      resourceNames: [tenant.metadata.name],
      verbs: ['get', 'list', 'watch', 'patch', 'update'],
    },
  ];
  return [
    piece(clusterRoles, { apiVersion: `${RBAC_GROUP}/v1`, kind: 'ClusterRole', metadata, rules }),
    piece(clusterRoleBindings, bindEverywhere(metadata, name, { kind: 'User', name: tenant.metadata.name })),
  ];
}

/** The personal namespace. Its pods must be hardened: whatever runs there was chosen by somebody else. */
export function personalNamespace(tenant: Tenant, config: OperatorsConfig): Piece {
  return namespaceOf(tenant, tenantNamespace(tenant.metadata.name), {
    ...config.namespaceLabels,
    ...selectorLabel(config.operatorSelector),
    [LABEL.type]: 'tenant',
    [LABEL.name]: labelValue(tenant.metadata.name),
  });
}

function namespaceOf(tenant: Tenant, name: string, labels: Readonly<Record<string, string>>): Piece {
  return piece(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: managedBy('tenant', { 'pod-security.kubernetes.io/enforce': 'restricted', ...labels }),
      ownerReferences: [ownedBy(tenant)],
    },
  });
}

/** The binding, and the role, with which people have templates of their own. */
export const PERSONAL_TEMPLATES = 'crownlabs-manage-templates';

/** The quota of a personal namespace. */
export const PERSONAL_QUOTA = 'crownlabs-resource-quota';

/** What the pieces of a personal namespace depend on beside its tenant. */
export interface Surroundings {
  readonly config: OperatorsConfig;
  /** What the disks of all its instances take. */
  readonly disks: Amount;
}

/** What makes the personal namespace safe to hand out. */
export function personalPieces(tenant: Tenant, { valid }: Memberships, { config, disks }: Surroundings): Piece[] {
  const namespace = tenantNamespace(tenant.metadata.name);
  const metadata = (name: string) => ({ name, namespace, labels: managedBy('tenant'), ownerReferences: [ownedBy(tenant)] });
  const user = { kind: 'User', name: tenant.metadata.name } as const;
  const quotas = valid.flatMap(({ role, workspace }) => (role === 'candidate' ? [] : [workspace.spec.quota]));
  const all: WorkspaceQuota[] = tenant.spec.personalWorkspace ? [...quotas, tenant.spec.personalWorkspace] : quotas;
  return [
    piece(resourceQuotas, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: metadata(PERSONAL_QUOTA),
      spec: { hard: withRoomForMirrors(namespaceLimits(all, config.caps), disks) },
    }),
    piece(roleBindings, bindInNamespace(metadata('crownlabs-manage-instances'), 'crownlabs-manage-instances', user)),
    ...(tenant.spec.personalWorkspace
      ? [piece(roleBindings, bindInNamespace(metadata(PERSONAL_TEMPLATES), PERSONAL_TEMPLATES, user))]
      : []),
    piece(networkPolicies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('crownlabs-deny-ingress-traffic'),
      spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] },
    }),
    piece(networkPolicies, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('crownlabs-allow-trusted-ingress-traffic'),
      spec: {
        podSelector: {},
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ namespaceSelector: { matchLabels: { [LABEL.allowInstanceAccess]: 'true' } } }] }],
      },
    }),
  ];
}

/** The namespace for experiments with Kubernetes itself, and what limits it. */
export function sandbox(tenant: Tenant): { namespace: Piece; pieces: Piece[] } {
  const namespace = sandboxNamespace(tenant.metadata.name);
  const metadata = (name: string) => ({ name, namespace, labels: managedBy('tenant'), ownerReferences: [ownedBy(tenant)] });
  return {
    namespace: namespaceOf(tenant, namespace, { [LABEL.type]: 'sandbox', [LABEL.tenant]: labelValue(tenant.metadata.name) }),
    pieces: [
      piece(roleBindings, bindInNamespace(metadata('sandbox-editor'), 'crownlabs-sandbox', { kind: 'User', name: tenant.metadata.name })),
      piece(resourceQuotas, {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: metadata('sandbox-resource-quota'),
        spec: { hard: { 'limits.cpu': '4', 'requests.cpu': '2', 'limits.memory': '8G', 'requests.memory': '8G' } },
      }),
      piece(limitRanges, {
        apiVersion: 'v1',
        kind: 'LimitRange',
        metadata: metadata('sandbox-limit-range'),
        spec: {
          limits: [{ type: 'Container', default: { cpu: '100m', memory: '250M' }, defaultRequest: { cpu: '10m', memory: '50M' } }],
        },
      }),
    ],
  };
}
