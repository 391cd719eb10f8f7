import type { Device } from '@crownlabs/runtime';
import { amountOf } from './amounts.ts';
import type { Container } from './pod.ts';

/**
 * A device of the machine that containers may ask for by a resource of the node, as they ask device plugins elsewhere:
 * https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/
 */
export interface NodeDevice extends Device {
  readonly resource: string;
  /** How many containers may have it at the same time. */
  readonly count: number;
}

/** The devices that a container asks for. */
export function devicesOf({ resources }: Container, known: readonly NodeDevice[] = []): readonly Device[] {
  const asked = known.filter(({ resource }) => (amountOf(resources?.limits, resource) ?? 0) > 0);
  return asked.map(({ path, group }) => ({ path, ...(group === undefined ? {} : { group }) }));
}

/** The devices as amounts of a node. */
export function deviceAmounts(known: readonly NodeDevice[] = []): Record<string, string> {
  return Object.fromEntries(known.map(({ resource, count }) => [resource, String(count)]));
}
