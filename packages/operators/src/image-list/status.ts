import type { ImageList } from '@crownlabs/api';
import type { LabError } from '@crownlabs/std';
import { conditionsFrom, type Finding } from '../conditions.ts';
import type { ListedImages } from './desired.ts';

/** How asking a registry ended. */
export type Listing = { readonly images: ListedImages } | { readonly failure: LabError };

/** What an ImageList is: whether it is what the registry has, and if not, why. */
export function observeImageList(list: ImageList, listing: Listing, now: number): NonNullable<ImageList['status']> {
  return {
    ...list.status,
    conditions: conditionsFrom(['failure' in listing ? failed(listing.failure) : listed(listing.images)], list.status?.conditions, now),
    observedGeneration: list.metadata.generation ?? 0,
  };
}

function listed(images: ListedImages): Finding {
  const versions = images.reduce((sum, it) => sum + it.versions.length, 0);
  return { type: 'Ready', status: 'True', reason: 'Listed', message: `${images.length} images in ${versions} versions.` };
}

const REASONS: Partial<Record<LabError['code'], string>> = {
  Unauthorized: 'CredentialsRefused',
  Forbidden: 'AddressNotAllowed',
  NotFound: 'ProjectNotFound',
  Invalid: 'CredentialsNotFound',
  RequestEntityTooLarge: 'TooMany',
};

function failed({ code, message }: LabError): Finding {
  const reason = REASONS[code] ?? 'RegistryUnavailable';
  return {
    type: 'Ready',
    status: 'False',
    reason,
    message: `The images are those of the last time that the registry was read: ${message}.`,
  };
}
