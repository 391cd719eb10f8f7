import { compareQuantities, matchesSelector, type Quantity, quantityOf } from '@crownlabs/apiserver';
import { ZERO } from '../amounts.ts';
import type { Claim, Volume } from './provisioner.ts';

/** The volume that `claim` is to have among `volumes`: the one made for it, else the smallest free one that is large enough. */
export function findVolume(claim: Claim, volumes: readonly Volume[]): Volume | undefined {
  const reserved = volumes.find((volume) => isFor(volume, claim));
  if (reserved) return reserved;
  if (claim.spec?.volumeName) return volumes.find((volume) => volume.metadata.name === claim.spec?.volumeName && !volume.spec?.claimRef);
  const fitting = volumes.filter((volume) => fits(volume, claim));
  return fitting.toSorted((a, b) => compareQuantities(capacity(a), capacity(b)))[0];
}

/** Whether the volume's claimRef names this very claim, or one of its name before it had a uid. */
export function isFor({ spec }: Volume, claim: Claim): boolean {
  const reference = spec?.claimRef;
  if (!reference || reference.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false;
  return reference.uid === undefined || reference.uid === claim.metadata.uid;
}

function fits(volume: Volume, claim: Claim): boolean {
  return isFree(volume) && suits(volume, claim.spec ?? {}) && compareQuantities(capacity(volume), requested(claim)) >= 0;
}

function isFree({ spec, status, metadata }: Volume): boolean {
  return !spec?.claimRef && metadata.deletionTimestamp === undefined && (status?.phase ?? 'Available') === 'Available';
}

function suits({ spec = {}, metadata }: Volume, wanted: NonNullable<Claim['spec']>): boolean {
  const { storageClassName = '', volumeMode = 'Filesystem', accessModes = [] } = spec;
  if (storageClassName !== (wanted.storageClassName ?? '') || volumeMode !== (wanted.volumeMode ?? 'Filesystem')) return false;
  if (wanted.selector && !matchesSelector(wanted.selector, metadata.labels)) return false;
  return (wanted.accessModes ?? []).every((mode) => accessModes.includes(mode));
}

function capacity({ spec }: Volume): Quantity {
  return storageOf(spec?.capacity);
}

function requested({ spec }: Claim): Quantity {
  return storageOf(spec?.resources?.requests);
}

function storageOf(list: object | undefined): Quantity {
  return quantityOf(storageText(list)) ?? ZERO;
}

/** The `storage` of a ResourceList, `0` where it says nothing. */
export function storageText(list: object | undefined): string {
  const amounts: Record<string, unknown> = { ...list };
  const storage = amounts['storage'];
  return typeof storage === 'string' || typeof storage === 'number' ? String(storage) : '0';
}
