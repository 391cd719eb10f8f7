import type { ResourceInfo } from '../resource.ts';
import { kindRows } from './catalog.ts';
import { builtInResource } from './resource-of.ts';
import { strategyOf } from './strategies.ts';

/** Every resource that the API serves without a CustomResourceDefinition, in the order of discovery. Schemas are read when first asked for. */
export function builtInResources(): ResourceInfo[] {
  return kindRows().map((row) => builtInResource(row, strategyOf(row.group, row.version, row.kind)));
}
