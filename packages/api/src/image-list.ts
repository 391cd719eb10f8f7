import { z } from 'zod';
import { AGE, CROWNLABS_GROUP, type Kind, type ServedAt, servedAt } from './kind.ts';
import type { LabObject } from './metadata.ts';
import { commonStatus } from './shared-schema.ts';

const ListedImage = z.object({
  name: z.string().describe('Name of the image.'),
  versions: z.array(z.string()).describe('The tags of the image that templates may name.'),
});

const ImageListSpec = z.object({
  registryName: z.string().describe('Host of the registry, as image references name it.'),
  projectBaseName: z.string().optional().describe('The project of the registry that the images are in.'),
  images: z.array(ListedImage).describe('The images that the registry has.'),
});

const ImageListStatus = z.object({ ...commonStatus });

/** What a registry offers to choose from. */
export type ImageList = LabObject<z.infer<typeof ImageListSpec>, z.infer<typeof ImageListStatus>>;

/** The kind ImageList. */
export const imageListKind: Kind<typeof ImageListSpec, typeof ImageListStatus> = {
  group: CROWNLABS_GROUP,
  version: 'v1alpha1',
  kind: 'ImageList',
  plural: 'imagelists',
  shortNames: [],
  namespaced: false,
  description: 'The images that a registry offers to choose from.',
  spec: ImageListSpec,
  status: ImageListStatus,
  columns: [{ name: 'Registry Name', type: 'string', jsonPath: '.spec.registryName' }, AGE],
};

/** Where ImageLists are served. */
export const imageLists: ServedAt<ImageList> = servedAt(imageListKind);
