import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt } from '../json-read.ts';
import { addQuantities, compareQuantities, type Quantity, quantityOf } from '../schema/index.ts';

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** What a pod asks for as a whole: its containers together, or an init container where that alone is more; plus its overhead. */
export function podAmounts(pod: JsonObject, field: 'requests' | 'limits'): Amounts {
  const of = (container: JsonObject) => readAmounts(objectAt(container, 'resources', field));
  const init = objectsAt(pod, 'spec', 'initContainers');
  const sidecars = init.filter((container) => textAt(container, 'restartPolicy') === 'Always');
  const steps = init.filter((container) => !sidecars.includes(container));
  const running = [...objectsAt(pod, 'spec', 'containers'), ...sidecars].map(of).reduce(plus, new Map());
  const most = steps.map(of).reduce(max, running);
  return plus(most, readAmounts(objectAt(pod, 'spec', 'overhead')));
}

/** A ResourceList as amounts; what is no quantity is left out. */
export function readAmounts(list: JsonObject | undefined): Amounts {
  const amounts = new Map<string, Quantity>();
  for (const [name, value] of Object.entries(list ?? {})) {
    const quantity = quantityOf(value);
    if (quantity) amounts.set(name, quantity);
  }
  return amounts;
}

/** The sum of two lists of amounts. */
export function plus(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, addQuantities);
}

/** The sum of many lists. */
export function total(all: Iterable<Amounts>): Amounts {
  const sum = new Map<string, Quantity>();
  for (const amounts of all) {
    for (const [name, amount] of amounts) {
      const known = sum.get(name);
      sum.set(name, known ? addQuantities(known, amount) : amount);
    }
  }
  return sum;
}

function max(a: Amounts, b: Amounts): Amounts {
  return merge(a, b, (x, y) => (compareQuantities(x, y) < 0 ? y : x));
}

function merge(a: Amounts, b: Amounts, join: (x: Quantity, y: Quantity) => Quantity): Amounts {
  const merged = new Map(a);
  for (const [name, amount] of b) {
    const known = merged.get(name);
    merged.set(name, known ? join(known, amount) : amount);
  }
  return merged;
}
