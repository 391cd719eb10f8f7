import type { ResourceInfo } from '../resource.ts';
import type { Comparison } from './compare-typed.ts';
import { FieldSet } from './field-set.ts';
import { type PathElement, pathText } from './path-element.ts';

/** What the server gives to a Service that does not ask for it: nobody's doing, so nobody's own. */
const ASSIGNED = /^\.spec\.(clusterIP|clusterIPs|ipFamilies|ipFamilyPolicy|healthCheckNodePort|ports\[.*\]\.nodePort)$/;

/** A comparison that does not see what the server assigned. */
export function withoutAssigned(changed: Comparison, { group, plural }: ResourceInfo): Comparison {
  if (group !== '' || plural !== 'services') return changed;
  const kept = (path: readonly PathElement[]) => !ASSIGNED.test(pathText(path));
  const filtered = (set: FieldSet) => FieldSet.of(...[...set.paths()].filter(kept));
  return { added: filtered(changed.added), modified: filtered(changed.modified), removed: changed.removed };
}
