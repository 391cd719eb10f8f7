import type { ResourceInfo } from '../resource.ts';
import { kindRows } from './catalog.ts';
import { builtInResource } from './resource-of.ts';
import { strategyOf } from './strategies.ts';

/** Every resource that the API serves without a CustomResourceDefinition, in the order of discovery. Schemas are read when first asked for. */
export function builtInResources(): ResourceInfo[] {
  return kindRows().map((row) => builtInResource(row, strategyOf(row.group, row.version, row.kind)));
}

/** What `/scale` reads and writes: a kind that is served nowhere by itself. */
export function scaleResource(): ResourceInfo {
  const definition = 'io.k8s.api.autoscaling.v1.Scale';
  return builtInResource({ group: 'autoscaling', version: 'v1', kind: 'Scale', plural: 'scales', definition }, {});
}

/** Whether Kubernetes has a kind of that name in the version, so that it can be read, if not here. */
export function isBuiltInKind(group: string, version: string, kind: string): boolean {
  return kindRows().some((row) => row.group === group && row.version === version && (kind === row.kind || kind === `${row.kind}List`));
}
