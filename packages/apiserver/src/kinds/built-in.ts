import type { ResourceInfo } from '../resource.ts';
import { kindRows } from './catalog.ts';
import { builtInResource } from './resource-of.ts';
import { strategyOf } from './strategies.ts';
import { SCALE_COLUMNS } from './workload/scale-columns.ts';

/** Every resource that the API serves without a CustomResourceDefinition, in the order of discovery. Schemas are read when first asked for. */
export function builtInResources(): ResourceInfo[] {
  return kindRows().map((row) => builtInResource(row, strategyOf(row.group, row.version, row.kind)));
}

/** What `/scale` reads and writes: a kind that is served nowhere by itself. */
export function scaleResource(): ResourceInfo {
  const definition = 'io.k8s.api.autoscaling.v1.Scale';
  return builtInResource({ group: 'autoscaling', version: 'v1', kind: 'Scale', plural: 'scales', definition }, { columns: SCALE_COLUMNS });
}

/** What an action on an object reads, such as a Binding or an Eviction: a kind that is stored nowhere. */
export function actionBody(group: string, version: string, kind: string): ResourceInfo {
  const definition = `io.k8s.api.${group === '' ? 'core' : group}.${version}.${kind}`;
  return builtInResource({ group, version, kind, plural: `${kind.toLowerCase()}s`, definition }, {});
}
