import type { KubeClient, KubeObject, Resource } from '@crownlabs/client';
import { LabError } from '@crownlabs/std';

/** A small working API in memory: enough for Secrets and Tenants, with optimistic concurrency. */
export function memoryClient(): KubeClient {
  const objects = new Map<string, KubeObject>();
  let revision = 0;
  const keyOf = ({ plural }: Resource, name: string, namespace = '') => `${plural}/${namespace}/${name}`;
  const put = <T extends KubeObject>(key: string, object: T): T => {
    revision += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    objects.set(key, stored);
    return structuredClone(stored);
  };
  const find = <T extends KubeObject>(resource: Resource<T>, name: string, namespace?: string) =>
    structuredClone(objects.get(keyOf(resource, name, namespace))) as T | undefined;
  const partial: Partial<KubeClient> = {
    find: async (resource, name, namespace) => find(resource, name, namespace),
    create: async <T extends KubeObject>(resource: Resource<T>, object: unknown) => {
      const created = object as T;
      const key = keyOf(resource, created.metadata.name, created.metadata.namespace);
      if (objects.has(key)) throw new LabError('AlreadyExists', `${key} exists`);
      return put(key, created);
    },
    replace: async (resource, object) => {
      const key = keyOf(resource, object.metadata.name, object.metadata.namespace);
      if (objects.get(key)?.metadata.resourceVersion !== object.metadata.resourceVersion) throw new LabError('Conflict', `${key} changed`);
      return put(key, object);
    },
    apply: async <T extends KubeObject>(resource: Resource<T>, object: unknown) => {
      const applied = object as T;
      const key = keyOf(resource, applied.metadata.name, applied.metadata.namespace);
      return put(key, { ...objects.get(key), ...applied });
    },
    patch: async <T extends KubeObject>(resource: Resource<T>, name: string, namespace: string | undefined, patch: unknown) => {
      const key = keyOf(resource, name, namespace);
      const before = objects.get(key) as (T & { spec?: object }) | undefined;
      if (!before) throw new LabError('NotFound', `${key} is missing`);
      return put(key, { ...before, spec: { ...before.spec, ...(patch as { spec?: object }).spec } });
    },
    delete: async (resource, name, namespace) => void objects.delete(keyOf(resource, name, namespace)),
  };
  return partial as KubeClient;
}
