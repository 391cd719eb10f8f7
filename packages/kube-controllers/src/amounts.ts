import { addQuantities, compareQuantities, type Quantity, quantityOf } from '@crownlabs/apiserver';
import type { Container, Pod as WirePod } from 'kubernetes-types/core/v1.js';

/** Nothing. */
export const ZERO: Quantity = { units: 0n, format: 'DecimalSI' };

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** A ResourceList as amounts; what is no quantity is left out. */
export function readAmounts(list: object | undefined): Amounts {
  const amounts = new Map<string, Quantity>();
  for (const [name, value] of Object.entries(list ?? {})) {
    const quantity = quantityOf(value);
    if (quantity) amounts.set(name, quantity);
  }
  return amounts;
}

/** The sum of two lists. */
export function plus(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, addQuantities);
}

function larger(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, (x, y) => (compareQuantities(x, y) < 0 ? y : x));
}

function merge(a: Amounts, b: Amounts, join: (x: Quantity, y: Quantity) => Quantity): Amounts {
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
  return plus(steps.reduce(larger, running), readAmounts(spec?.overhead));
}
