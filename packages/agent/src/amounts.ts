import { amount, amountNumber } from '@crownlabs/api';
import type { Limits } from '@crownlabs/runtime';
import type { Container } from './pod.ts';

/** What the node gives a container that names no limit, for `resourceFieldRef`. */
export interface NodeAmounts {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** An amount of a ResourceList, in whole units; `undefined` when it is not there. */
export function amountOf(list: object | undefined, name: string): number | undefined {
  const amounts: Record<string, unknown> = { ...list };
  const text = amounts[name];
  return typeof text === 'string' || typeof text === 'number' ? amountNumber(amount(text)) : undefined;
}

/** The container's limits as the runtime takes them. */
export function limitsOf({ resources }: Container): Limits {
  const memory = amountOf(resources?.limits, 'memory');
  const cpus = amountOf(resources?.limits, 'cpu');
  const wanted = amountOf(resources?.requests, 'cpu') ?? cpus;
  return {
    ...(memory !== undefined && memory > 0 ? { memoryBytes: Math.ceil(memory) } : {}),
    ...(cpus !== undefined && cpus > 0 ? { cpus } : {}),
    ...(wanted === undefined ? {} : { cpuShares: Math.max(2, Math.round(wanted * 1024)) }),
  };
}

/** The value of a `resourceFieldRef`: rounded up to whole divisors. https://kubernetes.io/docs/concepts/workloads/pods/downward-api/ */
export function resourceField(container: Container, field: string, divisor: string | undefined, node: NodeAmounts): string {
  const [kind = '', ...rest] = field.split('.');
  const name = rest.join('.');
  const { limits, requests } = container.resources ?? {};
  const whole = name === 'cpu' ? node.cpus : name === 'memory' ? node.memoryBytes : 0;
  const value =
    amountOf(kind === 'requests' ? requests : limits, name) ?? (kind === 'requests' ? amountOf(limits, name) : undefined) ?? whole;
  const unit = amountNumber(amount(divisor ?? '1')) || 1;
  return String(Math.ceil(value / unit));
}
