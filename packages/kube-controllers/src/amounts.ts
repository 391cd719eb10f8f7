import { type Amount, amount, compare, sum, ZERO } from '@crownlabs/api';
import type { Container, Pod as WirePod } from 'kubernetes-types/core/v1.js';

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Amount>;

/** A ResourceList as amounts. */
export function readAmounts(list: object | undefined): Amounts {
  const amounts = new Map<string, Amount>();
  for (const [name, value] of Object.entries(list ?? {})) {
    if (typeof value === 'string' || typeof value === 'number') amounts.set(name, amount(value));
  }
  return amounts;
}

/** The sum of two lists. */
export function plus(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, (x, y) => sum([x, y]));
}

/** The larger of each. */
export function most(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, (x, y) => (compare(x, y) < 0 ? y : x));
}

function merge(a: Amounts, b: Amounts, join: (x: Amount, y: Amount) => Amount): Amounts {
  const merged = new Map(a);
  for (const [name, value] of b) merged.set(name, join(merged.get(name) ?? ZERO, value));
  return merged;
}

/** What a pod asks of its node: its containers together, or an init container where that alone is more; plus its overhead. */
export function podRequests({ spec }: Pick<WirePod, 'spec'>): Amounts {
  const of = ({ resources }: Container) => readAmounts(resources?.requests);
  const init = spec?.initContainers ?? [];
  const sidecars = init.filter(({ restartPolicy }: Container & { restartPolicy?: string }) => restartPolicy === 'Always');
  const running = [...(spec?.containers ?? []), ...sidecars].map(of).reduce(plus, new Map());
  const steps = init.filter((container) => !sidecars.includes(container)).map(of);
  return plus(steps.reduce(most, running), readAmounts(spec?.overhead));
}
