import type { KubeObject } from '@crownlabs/client';
import type { Namespace, NamespaceCondition } from 'kubernetes-types/core/v1.js';
import type { ServedResource } from '../graph/discovery.ts';

/** What is still in a namespace after everything was told to go. */
export interface Remains {
  readonly left: { readonly resource: ServedResource; readonly objects: readonly KubeObject[] }[];
  readonly failures: string[];
}

/** The conditions by which people see why a namespace is not gone yet. */
export function conditionsOf({ status }: Pick<Namespace, 'status'>, { left, failures }: Remains, time: string): NamespaceCondition[] {
  const finalizers = new Map<string, number>();
  for (const name of left.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []))) {
    finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  }
  const count = (name: string, number: number) => `${name} has ${number} resource instances`;
  const kinds = left.map(({ resource, objects }) => count(nameOf(resource), objects.length)).toSorted();
  const held = [...finalizers].map(([name, number]) => `${name} in ${number} resource instances`).toSorted();
  const said = [
    say('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'),
    say('NamespaceDeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    failures.length > 0
      ? say(
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        )
      : say('NamespaceDeletionContentFailure', false, 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'),
    kinds.length > 0
      ? say('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${kinds.join(', ')}`)
      : say('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'),
    held.length > 0
      ? say(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        )
      : say('NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
  return said.map((condition) => {
    const known = status?.conditions?.find(({ type }) => type === condition.type);
    return { ...condition, lastTransitionTime: known?.status === condition.status ? (known.lastTransitionTime ?? time) : time };
  });
}

function nameOf({ group, plural }: ServedResource): string {
  return group ? `${plural}.${group}` : `${plural}.`;
}

function say(type: string, holds: boolean, reason: string, message: string) {
  return { type, status: holds ? 'True' : 'False', reason, message };
}
