import { createHash } from 'node:crypto';
import type { Registry } from '../registry.ts';
import type { ResourceInfo } from '../resource.ts';

/** One resource or subresource of a group that another room serves. */
export interface LocalResource {
  /** `virtualmachineinstances/vnc`. */
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly singular?: string;
  readonly shortNames?: readonly string[];
}

/** A version of a group as discovery shows it. */
export interface ServedVersion {
  readonly version: string;
  readonly resources: readonly ResourceInfo[];
  readonly local: readonly LocalResource[];
}

/** A group as discovery shows it, its preferred version first. */
export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly ServedVersion[];
}

/** Everything that is served, in discovery order: core first, then built-in groups, then the others. */
export function servedGroups(
  registry: Registry,
  locals: readonly { group: string; version: string; resources: readonly LocalResource[] }[],
): ServedGroup[] {
  const groups = new Map<string, Map<string, { resources: ResourceInfo[]; local: LocalResource[] }>>();
  const place = (group: string, version: string) => {
    const versions = groups.get(group) ?? new Map<string, { resources: ResourceInfo[]; local: LocalResource[] }>();
    groups.set(group, versions);
    const served = versions.get(version) ?? { resources: [], local: [] };
    versions.set(version, served);
    return served;
  };
  for (const info of registry.all()) place(info.group, info.version).resources.push(info);
  for (const { group, version, resources } of locals) place(group, version).local.push(...resources);
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions].map(([version, served]) => ({ version, ...served })).toSorted((a, b) => compareVersions(a.version, b.version)),
  }));
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STAGE: Readonly<Record<string, number>> = { '': 2, beta: 1, alpha: 0 };

/** Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name. Negative when `a` comes first. */
export function compareVersions(a: string, b: string): number {
  const left = VERSION.exec(a);
  const right = VERSION.exec(b);
  if (left && right) return rank(right) - rank(left);
  if (left || right) return left ? -1 : 1;
  return a < b ? -1 : 1;
}

/** One number for stage, major and stage's own version, in that order of weight. */
function rank(match: RegExpExecArray): number {
  return (STAGE[match[2] ?? ''] ?? 0) * 1e12 + Number(match[1]) * 1e6 + Number(match[3] ?? 0);
}

/** Tells clients whether two endpoints show the same stored objects. */
export function storageVersionHash(info: ResourceInfo): string | undefined {
  if (!info.verbs.includes('list') && !info.verbs.includes('get')) return undefined;
  const { group, plural } = info.storage;
  // CRDs are hashed under the version in which Kubernetes keeps them in etcd.
  const version = group === 'apiextensions.k8s.io' && plural === 'customresourcedefinitions' ? 'v1beta1' : info.storageVersion;
  return createHash('sha256').update(`${group}/${version}/${info.kind}`).digest().subarray(0, 8).toString('base64');
}
