import type { Kube } from '@crownlabs/client';
import type { PersistentVolume, PersistentVolumeSpec } from 'kubernetes-types/core/v1.js';

/** The kinds of volume that a second PersistentVolume may point at as well. */
const SHAREABLE = ['csi', 'local', 'hostPath', 'nfs'] as const;

/** What the origin's bytes are reached by; nothing when they cannot be shared. */
export function shareableSource(volume: Kube<PersistentVolume>): Partial<PersistentVolumeSpec> | undefined {
  const kind = SHAREABLE.find((it) => volume.spec?.[it] !== undefined);
  const source = kind && volume.spec?.[kind];
  if (!kind || !source) return undefined;
  const { nodeAffinity, mountOptions } = volume.spec ?? {};
  return { [kind]: source, ...(nodeAffinity ? { nodeAffinity } : {}), ...(mountOptions ? { mountOptions } : {}) };
}
