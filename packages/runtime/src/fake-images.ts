import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { LabError } from '@crownlabs/std';
import type { ImageConfig, ImageInfo, ImageStore } from './runtime.ts';

/** Images as names only. `'any'`: every name is there. */
export function fakeImages(
  present: readonly string[] | 'any',
  registry: readonly string[],
  arrived: () => void = () => undefined,
): ImageStore {
  const here = new Map<string, ImageInfo>();
  const keep = (reference: string, { user = '', labels = {} }: ImageConfig = {}) => {
    const info: ImageInfo = { id: `sha256:${reference}`, references: [reference], sizeBytes: 1 << 20, user, labels };
    here.set(reference, info);
    return info;
  };
  for (const reference of present === 'any' ? [] : present) keep(reference);
  const known = (reference: string) =>
    here.get(reference) ?? here.get(`localhost/${reference}`) ?? [...here.values()].find(({ id }) => id === reference);
  return {
    find: (reference) => Promise.resolve(known(reference) ?? (present === 'any' ? keep(reference) : undefined)),
    list: () => Promise.resolve([...here.values()]),
    pull: async (reference, _signal, onProgress) => {
      onProgress?.({ text: `Pulling ${reference}` });
      if (!registry.includes(reference)) throw new LabError('NotFound', `No registry has the image ${reference}.`);
      arrived();
      return keep(reference);
    },
    import: async (tar, { reference, config }) => {
      await finished(tar.resume(), { writable: false });
      const image = keep(reference, config);
      arrived();
      return image;
    },
    export: async (reference) => {
      if (!known(reference)) throw new LabError('NotFound', `Image ${reference} is not on this machine.`);
      // Two empty blocks: an archive of nothing.
      return Readable.from([Buffer.alloc(1024)]);
    },
    remove: async (reference) => void here.delete(reference),
  };
}
