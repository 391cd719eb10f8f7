import type { Json, JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import type { LocalResource, ServedGroup, ServedVersion } from './groups.ts';
import { verbsOf } from './plain.ts';

/** Everything below `/api` or `/apis` in one document. */
export function aggregated(groups: readonly ServedGroup[], version: string): JsonObject {
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items: groups.map(item) };
}

function item({ name, versions }: ServedGroup): JsonObject {
  return {
    metadata: name === '' ? {} : { name },
    versions: versions.map((served) => ({
      version: served.version,
      resources: [...served.resources.map((info) => resource(name, info)), ...localResources(served)],
      freshness: 'Current',
    })),
  };
}

function resource(group: string, info: ResourceInfo): JsonObject {
  // Built-in kinds are those of their group version, which is written as empty.
  const own = info.custom ? { group, version: info.version } : { group: '', version: '' };
  const subresources = Object.entries(info.subresources)
    // Built-in kinds list theirs by the alphabet.
    .toSorted(([a], [b]) => (info.custom || a > b ? 1 : -1))
    .map(([name, sub]): Json => {
      const kind = sub.kind ? { group: sub.kind.group, version: sub.kind.version, kind: sub.kind.kind } : { ...own, kind: info.kind };
      return { subresource: name, responseKind: kind, verbs: [...sub.verbs] };
    });
  return {
    resource: info.plural,
    responseKind: { ...own, kind: info.kind },
    scope: scope(info.namespaced),
    singularResource: info.singular,
    verbs: verbsOf(info),
    ...(info.shortNames.length > 0 ? { shortNames: [...info.shortNames] } : {}),
    ...(info.categories.length > 0 ? { categories: [...info.categories] } : {}),
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}

const scope = (namespaced: boolean) => (namespaced ? 'Namespaced' : 'Cluster');

function localResources({ local }: ServedVersion): JsonObject[] {
  const parents = local.filter(({ name }) => !name.includes('/'));
  const orphans = new Set(local.filter(({ name }) => name.includes('/')).map(({ name }) => name.split('/', 1)[0] ?? ''));
  for (const { name } of parents) orphans.delete(name);
  return [...parents, ...[...orphans].map(stand)].map((parent) => localResource(parent, local));
}

/** A parent that has nothing but subresources. */
function stand(name: string): LocalResource {
  return { name, kind: '', namespaced: true, verbs: [] };
}

function localResource(parent: LocalResource, all: readonly LocalResource[]): JsonObject {
  const subresources = all
    .filter(({ name }) => name.startsWith(`${parent.name}/`))
    .map(
      ({ name, kind, verbs }): Json => ({
        subresource: name.slice(parent.name.length + 1),
        responseKind: { group: '', version: '', kind },
        verbs: [...verbs],
      }),
    );
  return {
    resource: parent.name,
    responseKind: { group: '', version: '', kind: parent.kind },
    scope: scope(parent.namespaced),
    singularResource: parent.singular ?? '',
    verbs: [...parent.verbs],
    ...(subresources.length > 0 ? { subresources } : {}),
  };
}
