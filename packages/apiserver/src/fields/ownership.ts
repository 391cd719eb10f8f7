import { StatusError } from '../status-error.ts';
import type { Comparison } from './compare-typed.ts';
import { FieldSet } from './field-set.ts';
import { identityOf, type Manager, type Managers } from './managers.ts';
import { type PathElement, pathText } from './path-element.ts';

/** A field that one manager would change and another owns. */
export interface FieldConflict {
  readonly owner: Manager;
  readonly path: readonly PathElement[];
}

/** What everybody but `self` loses by a change, and what of that is a conflict if it must not be taken by force. */
export function takeFrom(managers: Managers, self: string, changed: Comparison): { left: Managers; conflicts: FieldConflict[] } {
  const left: Managers = new Map();
  const conflicts: FieldConflict[] = [];
  const taken = changed.modified.union(changed.added);
  for (const [identity, manager] of managers) {
    if (identity === self) {
      left.set(identity, manager);
      continue;
    }
    const contested = manager.fields.intersection(taken);
    for (const path of contested.paths()) conflicts.push({ owner: manager, path });
    const fields = manager.fields.difference(contested).difference(changed.removed);
    if (!fields.isEmpty) left.set(identity, { ...manager, fields });
  }
  return { left, conflicts };
}

function called(owner: Manager): string {
  const via = owner.subresource === '' ? '' : ` with subresource ${JSON.stringify(owner.subresource)}`;
  const using = owner.operation === 'Update' ? ` using ${owner.apiVersion}` : '';
  return `${JSON.stringify(owner.name)}${via}${using}`;
}

/** 409 with a cause for each contested field. */
export function conflictError(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${called(owner)}`,
    field: pathText(path),
  }));
  return new StatusError('Conflict', conflictText(conflicts), { details: { causes } });
}

function conflictText(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1) return `Apply failed with 1 conflict: conflict with ${called(first.owner)}: ${pathText(first.path)}`;
  const byOwner = new Map<string, { owner: Manager; fields: string[] }>();
  for (const { owner, path } of conflicts) {
    const known = byOwner.get(identityOf(owner)) ?? { owner, fields: [] };
    known.fields.push(`- ${pathText(path)}`);
    byOwner.set(identityOf(owner), known);
  }
  const lines = [...byOwner.values()]
    .toSorted((a, b) => (identityOf(a.owner) < identityOf(b.owner) ? -1 : 1))
    .flatMap(({ owner, fields }) => [`conflicts with ${called(owner)}:`, ...fields]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

/** Fields that nobody owns: they name the object, or the server writes them. */
export const UNOWNED = FieldSet.of(
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'managedFields', 'resourceVersion'].map((field) => [
    'f:metadata',
    `f:${field}`,
  ]),
);
