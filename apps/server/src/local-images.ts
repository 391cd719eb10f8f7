import type { ImageStore as BuildStore } from '@crownlabs/images';
import type { ImageStore } from '@crownlabs/runtime';
import { hasCode } from '@crownlabs/std';

/**
 * The engine's images as the builder of images knows them. What is built here is named as being of here: Podman takes a short name for one
 * of Docker Hub's, and a policy that always asks the registry would ask that.
 */
export function buildStore(images: ImageStore): BuildStore {
  return {
    labels: async (reference) => (await images.find(reference))?.labels,
    importImage: async (tar, { reference, config }) => {
      await images.import(tar, { reference: `localhost/${reference}`, config });
    },
  };
}

/** Fetches `reference` from `registry` under its own short name; false when there is no registry, it does not answer, or has no such image. */
export async function pullFrom(images: ImageStore, registry: string | undefined, reference: string, signal: AbortSignal): Promise<boolean> {
  if (!registry) return false;
  try {
    await images.pull(`${registry}/${reference}`, signal);
    return true;
  } catch (error) {
    if (hasCode(error, 'NotFound', 'ServiceUnavailable')) return false;
    throw error;
  }
}
