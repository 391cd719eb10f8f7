import { type Amount, amount, amountText, compare, least, sum, type WorkspaceQuota, ZERO } from '@crownlabs/api';
import type { OperatorsConfig } from '../config.ts';

/** The name under which Kubernetes counts Instances. */
export const INSTANCE_COUNT = 'count/instances.crownlabs.polito.it';

/** The hard limits of a tenant's namespace: what its workspaces allow together, within the caps. */
export function namespaceLimits(quotas: readonly WorkspaceQuota[], caps: OperatorsConfig['caps']): Record<string, string> {
  const cpu = amountText(capped(sum(quotas.map((it) => amount(it.cpu))), amount(caps.cpu)));
  const memory = amountText(capped(sum(quotas.map((it) => amount(it.memory))), amount(caps.memory)));
  const instances = amountText(capped(sum(quotas.map((it) => amount(it.instances))), amount(caps.instances)));
  return {
    'limits.cpu': cpu,
    'requests.cpu': cpu,
    'limits.memory': memory,
    'requests.memory': memory,
    [INSTANCE_COUNT]: instances,
    ...storage(quotas),
    ...extended(quotas),
  };
}

/** Claims that only show a volume of elsewhere ask for a byte each; nobody has so many of them. */
const MIRRORS = amount('1Mi');

/** The same, with room for such claims where the disks of instances fill all there is: a few bytes must not keep the last disk out. */
export function withRoomForMirrors(limits: Record<string, string>, disks: Amount): Record<string, string> {
  const { 'requests.storage': storage } = limits;
  if (storage === undefined || compare(sum([disks, MIRRORS]), amount(storage)) <= 0) return limits;
  return { ...limits, 'requests.storage': amountText(sum([amount(storage), MIRRORS])) };
}

function capped(total: Amount, cap: Amount): Amount {
  return cap.nano === 0n ? total : least(total, cap);
}

/** Without a disk quota anywhere the key is left out: a limit of 0 would forbid every volume. */
function storage(quotas: readonly WorkspaceQuota[]): Record<string, string> {
  const disks = quotas.flatMap(({ disk }) => (disk === undefined ? [] : [amount(disk)]));
  const total = sum(disks);
  return disks.length < quotas.length || total.nano === 0n ? {} : { 'requests.storage': amountText(total) };
}

/** Kubernetes limits extended resources under `requests.` alone. */
function extended(quotas: readonly WorkspaceQuota[]): Record<string, string> {
  const totals = new Map<string, Amount>();
  for (const { otherResources = {} } of quotas) {
    for (const [name, value] of Object.entries(otherResources)) totals.set(name, sum([totals.get(name) ?? ZERO, amount(value)]));
  }
  return Object.fromEntries([...totals].map(([name, total]) => [`requests.${name}`, amountText(total)]));
}
