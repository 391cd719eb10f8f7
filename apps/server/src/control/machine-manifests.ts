import { clusterRoleBindings, clusterRoles, type KubeClient, namespaces, storageClasses } from '@crownlabs/client';
import { IDENTITY_NAMESPACE } from '@crownlabs/identity';
import { LOCAL_PROVISIONER } from '@crownlabs/kube-controllers';
import { GROUPS_PREFIX } from '../room-identities.ts';

/** The binding by which administrators own the machine: written last, so it says that everything else was. */
export const MACHINE_ADMIN = 'crownlabs-machine-admin';

/** What only an installation on one machine has: its storage, the embedded provider's namespace, and administrators who own the whole machine. */
export async function installMachine(client: KubeClient): Promise<void> {
  await Promise.all([
    client.apply(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: IDENTITY_NAMESPACE } }, { force: true }),
    client.apply(
      storageClasses,
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: LOCAL_PROVISIONER,
        reclaimPolicy: 'Delete',
        volumeBindingMode: 'Immediate',
        allowVolumeExpansion: true,
      },
      { force: true },
    ),
  ]);
  // Who may see pods may see what they use.
  const aggregate = ['admin', 'edit', 'view'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']);
  await client.apply(
    clusterRoles,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:aggregated-metrics-reader', labels: Object.fromEntries(aggregate) },
      rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
    },
    { force: true },
  );
  await letNodesReclaim(client);
  await client.apply(
    clusterRoleBindings,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: MACHINE_ADMIN },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: `${GROUPS_PREFIX}admin` }],
    },
    { force: true },
  );
}

/** Volumes are directories of the node, so the node takes a directory away with its volume. No node of Kubernetes has this right. */
async function letNodesReclaim(client: KubeClient): Promise<void> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const name = 'crownlabs-local-volumes';
  await client.apply(
    clusterRoles,
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ apiGroups: [''], resources: ['persistentvolumes'], verbs: ['delete'] }],
    },
    { force: true },
  );
  await client.apply(
    clusterRoleBindings,
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name },
      subjects: [{ kind: 'Group', apiGroup, name: 'system:nodes' }],
    },
    { force: true },
  );
}
