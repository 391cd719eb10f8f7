import { hasCode, messageOf } from '@crownlabs/std';

/** Why an image is not there, as a container's waiting state tells. */
export interface ImageTrouble {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'RegistryUnavailable' | 'InvalidImageName';
  readonly message: string;
}

/** Why an image was not fetched. */
export function pullTrouble(error: unknown): ImageTrouble {
  return { reason: hasCode(error, 'ServiceUnavailable') ? 'RegistryUnavailable' : 'ErrImagePull', message: messageOf(error) };
}
