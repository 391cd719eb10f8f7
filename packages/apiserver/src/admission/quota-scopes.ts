import type { JsonObject } from '../json.ts';
import { numberAt, objectAt, objectsAt, textAt, textsAt } from '../json-read.ts';
import type { StoredKind } from '../object-reader.ts';

interface ScopeTerm {
  readonly scope: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Whether `quota` counts this object: an unscoped quota counts everything, a scoped one the pods that fit all of its scopes. */
export function inScope(quota: JsonObject, kind: StoredKind, object: JsonObject): boolean {
  const terms = termsOf(quota);
  if (terms.length === 0) return true;
  if (kind.group !== '' || kind.plural !== 'pods') return false;
  return terms.every((term) => matches(term, object));
}

function termsOf(quota: JsonObject): ScopeTerm[] {
  const plain = textsAt(quota, 'spec', 'scopes').map((scope) => ({ scope, operator: 'Exists', values: [] }));
  const selected = objectsAt(quota, 'spec', 'scopeSelector', 'matchExpressions').map((expression) => ({
    scope: textAt(expression, 'scopeName'),
    operator: textAt(expression, 'operator'),
    values: textsAt(expression, 'values'),
  }));
  return [...plain, ...selected];
}

function matches({ scope, operator, values }: ScopeTerm, pod: JsonObject): boolean {
  switch (scope) {
    case 'Terminating':
      return numberAt(pod, 'spec', 'activeDeadlineSeconds') !== undefined;
    case 'NotTerminating':
      return numberAt(pod, 'spec', 'activeDeadlineSeconds') === undefined;
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass':
      return matchesName(operator, values, textAt(pod, 'spec', 'priorityClassName'));
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

function matchesName(operator: string, values: readonly string[], name: string): boolean {
  switch (operator) {
    case 'In':
      return values.includes(name);
    case 'NotIn':
      return !values.includes(name);
    case 'DoesNotExist':
      return name === '';
    default:
      return name !== '';
  }
}

function isBestEffort(pod: JsonObject): boolean {
  const containers = [...objectsAt(pod, 'spec', 'containers'), ...objectsAt(pod, 'spec', 'initContainers')];
  const asks = (container: JsonObject, field: string) =>
    Object.keys(objectAt(container, 'resources', field) ?? {}).some((name) => name === 'cpu' || name === 'memory');
  return !containers.some((container) => asks(container, 'requests') || asks(container, 'limits'));
}

function reachesOtherNamespaces(pod: JsonObject): boolean {
  const terms = ['podAffinity', 'podAntiAffinity'].flatMap((kind) => [
    ...objectsAt(pod, 'spec', 'affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution'),
    ...objectsAt(pod, 'spec', 'affinity', kind, 'preferredDuringSchedulingIgnoredDuringExecution').flatMap(
      (one) => objectAt(one, 'podAffinityTerm') ?? [],
    ),
  ]);
  return terms.some((term) => textsAt(term, 'namespaces').length > 0 || objectAt(term, 'namespaceSelector') !== undefined);
}
