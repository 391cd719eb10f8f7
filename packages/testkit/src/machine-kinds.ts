import {
  clusterResource,
  customResourceDefinitions,
  dataVolumes,
  httpRoutes,
  type KubeClient,
  namespacedResource,
  networkAttachments,
  type Resource,
  virtualMachineInstances,
  virtualMachines,
} from '@crownlabs/client';
import { eventually } from './eventually.ts';

/** Installs the kinds of KubeVirt and CDI, with nobody behind them: a test says itself what becomes of machines. */
export async function installMachineKinds(admin: KubeClient): Promise<void> {
  await Promise.all([virtualMachines, virtualMachineInstances, dataVolumes].map((kind) => install(admin, kind)));
}

/** Installs HTTPRoute, with no Gateway behind it. */
export async function installRouteKind(admin: KubeClient): Promise<void> {
  await install(admin, httpRoutes);
}

/** Installs the kind of networks between machines, with nobody behind them. */
export async function installNetworkKind(admin: KubeClient): Promise<void> {
  await install(admin, networkAttachments);
}

/** Installs the kinds by which storage holds volumes still, with no driver behind them. */
export async function installSnapshotKinds(admin: KubeClient): Promise<void> {
  const version = 'snapshot.storage.k8s.io/v1';
  await install(admin, namespacedResource(version, 'volumesnapshots', 'VolumeSnapshot'));
  await install(admin, clusterResource(version, 'volumesnapshotclasses', 'VolumeSnapshotClass'));
}

async function install(admin: KubeClient, { group, version, plural, kind, namespaced }: Resource): Promise<void> {
  const name = `${plural}.${group}`;
  const anything = { type: 'object' as const, 'x-kubernetes-preserve-unknown-fields': true };
  await admin.create(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    // Groups of Kubernetes itself are guarded; this is what says that a definition was not made by them.
    metadata: { name, annotations: { 'api-approved.kubernetes.io': 'unapproved, only for tests' } },
    spec: {
      group,
      names: { plural, kind, listKind: `${kind}List`, singular: kind.toLowerCase() },
      scope: namespaced ? 'Namespaced' : 'Cluster',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything, driver: { type: 'string' } } } },
        },
      ],
    },
  });
  await eventually(async () => {
    const { status } = await admin.get(customResourceDefinitions, name);
    if (!status?.conditions?.some((it) => it.type === 'Established' && it.status === 'True')) throw new Error(`${name} is not served`);
  });
}
