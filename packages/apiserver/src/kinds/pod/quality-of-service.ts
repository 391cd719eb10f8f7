import type { JsonObject } from '../../json.ts';
import { objectAt } from '../../json-read.ts';
import { quantityOf } from '../../schema/index.ts';
import { allContainers } from './pod-defaults.ts';

const COUNTED = ['cpu', 'memory'];

function amounts(container: JsonObject, of: 'requests' | 'limits'): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const name of COUNTED) {
    const quantity = quantityOf(objectAt(container, 'resources', of)?.[name]);
    if (quantity && quantity.units > 0n) found.set(name, quantity.units);
  }
  return found;
}

/** How a pod fares when the node runs short: Guaranteed, Burstable or BestEffort. */
export function qualityOfService(spec: JsonObject | undefined): string {
  const containers = allContainers(spec).map((container) => ({
    requests: amounts(container, 'requests'),
    limits: amounts(container, 'limits'),
  }));
  if (containers.every(({ requests, limits }) => requests.size === 0 && limits.size === 0)) return 'BestEffort';
  const guaranteed = containers.every(
    ({ requests, limits }) =>
      limits.size === COUNTED.length && COUNTED.every((name) => (requests.get(name) ?? limits.get(name)) === limits.get(name)),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
