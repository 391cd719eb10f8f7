import type { Json, JsonObject } from '../json.ts';
import type { ResourceInfo } from '../resource.ts';
import { type LocalResource, type ServedGroup, type ServedVersion, storageVersionHash } from './groups.ts';

const groupVersion = (group: string, version: string) => (group === '' ? version : `${group}/${version}`);

/** `/apis`. */
export function apiGroupList(groups: readonly ServedGroup[]): JsonObject {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.filter((one) => one.name !== '').map(groupBody) };
}

/** `/apis/<group>`. */
export function apiGroup(group: ServedGroup): JsonObject {
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(group) };
}

function groupBody({ name, versions }: ServedGroup): JsonObject {
  const list = versions.map(({ version }) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions: list, preferredVersion: list[0] ?? null };
}

/** `/api/v1`, `/apis/<group>/<version>`. */
export function apiResourceList(group: string, served: ServedVersion): JsonObject {
  const resources: Json[] = [];
  for (const info of served.resources) {
    resources.push(resourceBody(info));
    for (const [name, sub] of subresourcesOf(info)) {
      const kind =
        sub.kind && (sub.kind.group !== group || sub.kind.version !== served.version)
          ? { group: sub.kind.group, version: sub.kind.version }
          : {};
      resources.push({
        name: `${info.plural}/${name}`,
        singularName: '',
        namespaced: info.namespaced,
        ...kind,
        kind: sub.kind?.kind ?? info.kind,
        verbs: [...sub.verbs],
      });
    }
  }
  resources.push(...served.local.map(localBody));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersion(group, served.version), resources };
}

/** Subresources as Kubernetes lists them: by the alphabet, but for custom resources. */
function subresourcesOf(info: ResourceInfo) {
  const all = Object.entries(info.subresources);
  return info.custom ? all : all.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function resourceBody(info: ResourceInfo): JsonObject {
  const hash = storageVersionHash(info);
  return {
    name: info.plural,
    singularName: info.singular,
    namespaced: info.namespaced,
    kind: info.kind,
    verbs: verbsOf(info),
    ...(info.shortNames.length > 0 ? { shortNames: [...info.shortNames] } : {}),
    ...(info.categories.length > 0 ? { categories: [...info.categories] } : {}),
    ...(hash === undefined ? {} : { storageVersionHash: hash }),
  };
}

/** Verbs as Kubernetes lists them: by the alphabet, but for custom resources. */
export function verbsOf(info: ResourceInfo): string[] {
  if (info.custom) return ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
  return [...info.verbs].toSorted();
}

function localBody({ name, kind, namespaced, verbs, singular = '', shortNames = [] }: LocalResource): JsonObject {
  return {
    name,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...verbs],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
  };
}
