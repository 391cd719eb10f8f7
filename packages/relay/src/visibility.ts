import type { KubeObject, Resource } from '@crownlabs/client';
import type { Attributes } from './access.ts';

type Ask = (attributes: Attributes) => Promise<boolean>;

/** Whether the caller may follow a whole place: one namespace, or all of them when none is given. */
export function mayWatchAll(resource: Resource, namespace: string | undefined, ask: Ask): Promise<boolean> {
  return ask({ verb: 'watch', group: resource.group, resource: resource.plural, ...(namespace ? { namespace } : {}) });
}

/** Whether the caller may see one object: by a right on the place, on the object, or on what people do with it. */
export async function maySee(resource: Resource, object: KubeObject, ask: Ask): Promise<boolean> {
  const { name, namespace } = object.metadata;
  if (namespace && (await mayWatchAll(resource, undefined, ask))) return true;
  if (await mayWatchAll(resource, namespace, ask)) return true;
  const place = { verb: 'get', group: resource.group, resource: resource.plural, ...(namespace ? { namespace } : {}), name };
  if (await ask(place)) return true;
  // Whoever was let into an Instance's desktop may know that the Instance exists.
  return resource.plural === 'instances' && (await ask({ ...place, subresource: 'view' }));
}

/** The objects that the caller may see, asked in parallel but not all at once. */
export async function visible<T extends KubeObject>(resource: Resource, objects: readonly T[], ask: Ask): Promise<T[]> {
  const seen: boolean[] = [];
  const next = objects.entries();
  const worker = async () => {
    for (const [index, object] of next) seen[index] = await maySee(resource, object, ask);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return objects.filter((_, index) => seen[index]);
}
