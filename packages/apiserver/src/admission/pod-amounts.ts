import type { JsonObject } from '../json.ts';
import { objectAt, objectsAt, textAt } from '../json-read.ts';
import { addQuantities, compareQuantities, type Quantity, quantityOf } from '../schema/index.ts';

/** Amounts by resource name. */
export type Amounts = ReadonlyMap<string, Quantity>;

/** What a pod asks for as a whole: its containers together, or an init container with its sidecars where that is more; plus its overhead. */
export function podAmounts(pod: JsonObject, field: 'requests' | 'limits'): Amounts {
  const of = (container: JsonObject) => readAmounts(objectAt(container, 'resources', field));
  const init = objectsAt(pod, 'spec', 'initContainers');
  let beside: Amounts = new Map();
  let starting: Amounts = new Map();
  for (const container of init) {
    const sidecar = textAt(container, 'restartPolicy') === 'Always';
    const together = plus(beside, of(container));
    if (sidecar) beside = together;
    // A step runs beside the sidecars before it, not beside those that it waits for.
    starting = max(starting, together);
  }
  const running = objectsAt(pod, 'spec', 'containers').map(of).reduce(plus, beside);
  return plus(max(running, starting), readAmounts(objectAt(pod, 'spec', 'overhead')));
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
