import { ANNOTATION, LABEL } from '@crownlabs/api';
import type { Kube } from '@crownlabs/client';
import type { Namespace, PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from 'kubernetes-types/core/v1.js';
import type { OperatorsConfig } from '../config.ts';
import { isOurs } from '../manifests/labels.ts';
import { shareableSource } from '../shareable-source.ts';
import type { SharedAccess } from '../shared-volume/access.ts';

type Claim = Kube<PersistentVolumeClaim>;

/** What is known about a mirror that is asked for. */
export interface MirrorFacts {
  readonly claim: Claim;
  readonly namespace: Kube<Namespace> | undefined;
  readonly originClaim: Claim | undefined;
  readonly origin: Kube<PersistentVolume> | undefined;
  /** What the one whose instance asks may do with it. */
  readonly access: SharedAccess;
}

/** Whether the mirror may be made, and of what. */
export type MirrorVerdict =
  | {
      readonly allowed: true;
      readonly originClaim: Claim;
      readonly origin: Kube<PersistentVolume>;
      readonly source: Partial<PersistentVolumeSpec>;
      readonly readOnly: boolean;
    }
  | { readonly allowed: false; readonly reason: string; readonly message: string };

/** Judges a mirror. Whatever is not known for certain is a no. */
export function judgeMirror(facts: MirrorFacts, { operatorSelector }: Pick<OperatorsConfig, 'operatorSelector'>): MirrorVerdict {
  const { namespace, originClaim, access } = facts;
  if (!namespace || !isOurs(namespace, operatorSelector)) return no('NamespaceNotOurs', 'the namespace does not belong to this laboratory');
  if (access === 'none') return no('NotAllowed', 'no instance that may see the shared volume asks for it');
  if (!originClaim) return no('OriginNotFound', 'the volume that it shows does not exist');
  if (!admits(originClaim, namespace)) return no('NamespaceRefused', 'the volume may not be seen from this namespace');
  return judgeStorage(facts, originClaim, access === 'read');
}

function judgeStorage({ claim, origin }: MirrorFacts, originClaim: Claim, readOnly: boolean): MirrorVerdict {
  if (originClaim.status?.phase !== 'Bound' || !origin) return no('OriginNotBound', 'the volume that it shows is not ready yet');
  const source = shareableSource(origin);
  const shared = originClaim.spec?.accessModes?.includes('ReadWriteMany') === true;
  if (!source || !shared) return no('OriginNotShareable', 'the storage of the volume cannot be mounted in two places');
  if (modeOf(claim) !== modeOf(origin)) return no('VolumeModeDiffers', 'the volume is of another mode than the claim');
  // Only these carry the wish to the node; elsewhere the pod alone would decide.
  const keepsFromWriting = source.csi !== undefined || source.nfs !== undefined;
  if (readOnly && !keepsFromWriting) return no('OriginNotShareable', 'the storage cannot keep it from being written to');
  return { allowed: true, originClaim, origin, source, readOnly };
}

function modeOf({ spec }: { readonly spec?: { readonly volumeMode?: string } }): string {
  return spec?.volumeMode ?? 'Filesystem';
}

function no(reason: string, message: string): MirrorVerdict {
  return { allowed: false, reason, message };
}

/** Whether the labels of `namespace` are what the origin asks for. Without a wish that we understand, nobody is admitted. */
function admits({ metadata }: Claim, namespace: Kube<Namespace>): boolean {
  const wish = metadata.annotations?.[ANNOTATION.requiredTargetLabels] ?? '';
  const terms = wish.split(',').map((term) => term.split('=').map((part) => part.trim()));
  return terms.every(([key = '', value, ...more]) => {
    return key !== '' && value !== undefined && more.length === 0 && namespace.metadata.labels?.[key] === value;
  });
}

/** Whether a claim says of itself that it is a mirror. */
export function isMirror({ metadata }: Pick<Claim, 'metadata'>): boolean {
  return metadata.labels?.[LABEL.volumeType] === 'mirror' && metadata.annotations?.[ANNOTATION.mirrorOf] !== undefined;
}
