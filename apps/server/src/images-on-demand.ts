import type { ImageStore } from '@crownlabs/runtime';
import { LabError } from '@crownlabs/std';
import type { ImageBuilds } from './image-builds.ts';

/** What is known of images that are made on demand. */
export type OnDemand = Pick<ImageBuilds, 'isCurrent' | 'isOnDemand' | 'ask'>;

/**
 * The images of an engine, some of which are made when somebody asks for them: fetching one is waiting until it is made. One that another
 * version of this installation made counts as not there, for as long as a new one can be made.
 */
export function imagesOnDemand(images: ImageStore, builds: OnDemand): ImageStore {
  const find: ImageStore['find'] = async (reference) => {
    const found = await images.find(reference);
    return found && builds.isCurrent(reference, found.labels) ? found : undefined;
  };
  return {
    find,
    list: () => images.list(),
    import: (tar, as) => images.import(tar, as),
    export: (reference, signal) => images.export(reference, signal),
    remove: (reference) => images.remove(reference),
    pull: async (reference, signal, onProgress) => {
      if (!builds.isOnDemand(reference)) return images.pull(reference, signal, onProgress);
      await unless(signal, builds.ask(reference));
      const made = await find(reference);
      if (!made) throw new LabError('NotFound', `The image ${reference} was made and is gone.`);
      return made;
    },
  };
}

/** Whoever asked may lose interest; what is made goes on, for the next one. */
async function unless(signal: AbortSignal, work: Promise<void>): Promise<void> {
  const over = Promise.withResolvers<never>();
  const leave = () => over.reject(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
