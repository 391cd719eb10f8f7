import { informer, type Kube, type KubeClient, persistentVolumeClaims, persistentVolumes } from '@crownlabs/client';
import { hasCode, silent } from '@crownlabs/std';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js';

/** Gives every claim of the class a volume of a CSI driver that nobody has, until `signal` aborts. The cluster's own controller binds the two. */
export function simulateStorage(client: KubeClient, className: string, signal: AbortSignal): void {
  const claims = informer(client, persistentVolumeClaims, { log: silent }, signal);
  claims.onChange((claim) => {
    if (claim?.spec?.storageClassName !== className || claim.spec.volumeName !== undefined) return;
    provide(client, className, claim).catch((error: unknown) => {
      if (!signal.aborted && !hasCode(error, 'AlreadyExists')) throw error;
    });
  });
}

async function provide(client: KubeClient, className: string, { metadata, spec }: Kube<PersistentVolumeClaim>): Promise<void> {
  const { name, namespace, uid = '' } = metadata;
  await client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `${className}-${uid}`, labels: { 'scenario.crownlabs.polito.it/class': className } },
    spec: {
      capacity: { storage: spec?.resources?.requests?.['storage'] ?? '1Gi' },
      accessModes: spec?.accessModes ?? [],
      storageClassName: className,
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: 'scenario.crownlabs.polito.it', volumeHandle: uid },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, ...(namespace === undefined ? {} : { namespace }), uid },
    },
  });
}
