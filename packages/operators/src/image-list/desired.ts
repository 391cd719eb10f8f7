import { type ImageList, imageLists } from '@crownlabs/api';
import { apiVersionOf } from '@crownlabs/client';
import type { Wanted } from '../converge.ts';
import { managedBy } from '../manifests/labels.ts';
import type { ImageRegistry } from './config.ts';
import type { ListedRepository } from './listings.ts';

/** The images of an ImageList. */
export type ListedImages = ImageList['spec']['images'];

/** A tag that says which version it is today, and another one tomorrow. */
const MOVING_TAG = 'latest';

const ORDER = new Intl.Collator('en', { numeric: true });

/** What people choose from: images that have a version, each name once, in an order that does not depend on the registry's mood. */
export function listedImages(repositories: readonly ListedRepository[]): ListedImages {
  const byName = new Map<string, Set<string>>();
  for (const { name, tags } of repositories) {
    const versions = byName.get(name) ?? new Set<string>();
    for (const tag of tags) if (tag !== MOVING_TAG) versions.add(tag);
    if (versions.size > 0) byName.set(name, versions);
  }
  return [...byName]
    .map(([name, versions]) => ({ name, versions: [...versions].toSorted(ORDER.compare) }))
    .toSorted((a, b) => ORDER.compare(a.name, b.name));
}

/** The ImageList of a registry. */
export function desiredImageList({ imageListName, registryName, project }: ImageRegistry, images: ListedImages): Wanted<ImageList> {
  return {
    apiVersion: apiVersionOf(imageLists),
    kind: imageLists.kind,
    metadata: { name: imageListName, labels: managedBy('imagelist') },
    spec: { registryName, projectBaseName: project, images },
  };
}
