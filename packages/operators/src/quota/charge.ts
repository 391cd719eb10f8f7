import {
  type Amount,
  amount,
  amountText,
  bytesText,
  compare,
  coresText,
  type Environment,
  isMachine,
  sum,
  type WorkspaceQuota,
  ZERO,
} from '@crownlabs/api';

/** What something takes from a quota. */
export interface Charge {
  readonly cpu: Amount;
  readonly memory: Amount;
  readonly disk: Amount;
  readonly instances: number;
  readonly other: Readonly<Record<string, Amount>>;
}

/** Nothing taken. */
export const NO_CHARGE: Charge = { cpu: ZERO, memory: ZERO, disk: ZERO, instances: 0, other: {} };

/** What a machine costs beyond its guest: the same figures that its pod's limits have. */
export const MACHINE_OVERHEAD = { cpu: amount('500m'), memory: amount('500M') };

/** What the pod of an environment is limited to. Everything that counts, counts this. */
export function limitsOf(environment: Environment): { cpu: Amount; memory: Amount } {
  const cpu = amount(environment.resources.cpu);
  const memory = amount(environment.resources.memory);
  if (!isMachine(environment)) return { cpu, memory };
  return { cpu: sum([cpu, MACHINE_OVERHEAD.cpu]), memory: sum([memory, MACHINE_OVERHEAD.memory]) };
}

/** The disk that an environment has: what is not persistent gives it back when it is off, and a containerdisk or a container has none. */
function diskOf({ persistent, resources, environmentType }: Environment, holds: 'everything' | 'disks'): Amount {
  const imported = holds === 'everything' && (environmentType === 'CloudVM' || environmentType === 'LocalVM');
  return (persistent || imported) && resources.disk !== undefined ? amount(resources.disk) : ZERO;
}

/** What an instance of these environments takes: all of it while its pods may exist, its disks while it is off. */
export function chargeOf(environments: readonly Environment[], holds: 'everything' | 'disks'): Charge {
  const disk = sum(environments.map((it) => diskOf(it, holds)));
  if (holds === 'disks') return { ...NO_CHARGE, disk };
  const limits = environments.map(limitsOf);
  return {
    cpu: sum(limits.map(({ cpu }) => cpu)),
    memory: sum(limits.map(({ memory }) => memory)),
    disk,
    instances: 1,
    other: otherOf(environments),
  };
}

function otherOf(environments: readonly Environment[]): Record<string, Amount> {
  const total: Record<string, Amount> = {};
  for (const { resources } of environments) {
    for (const [name, value] of Object.entries(resources.otherResources ?? {})) {
      total[name] = sum([total[name] ?? ZERO, amount(value)]);
    }
  }
  return total;
}

/** Charges added up. */
export function totalCharge(charges: readonly Charge[]): Charge {
  const names = new Set(charges.flatMap(({ other }) => Object.keys(other)));
  return {
    cpu: sum(charges.map(({ cpu }) => cpu)),
    memory: sum(charges.map(({ memory }) => memory)),
    disk: sum(charges.map(({ disk }) => disk)),
    instances: charges.reduce((count, { instances }) => count + instances, 0),
    other: Object.fromEntries([...names].map((name) => [name, sum(charges.map(({ other }) => other[name] ?? ZERO))])),
  };
}

/** What a quota lacks for one more. */
export interface Shortage {
  /** `Instances`, `CPU`, `Memory`, `Disk`, or the name of an extended resource. */
  readonly resource: string;
  readonly wanted: Amount;
  readonly used: Amount;
  readonly limit: Amount;
}

/** What is missing first, if `mine` is taken beside what is `used`; nothing when it fits. */
export function shortageOf(quota: WorkspaceQuota, used: Charge, mine: Charge): Shortage | undefined {
  const rows: [string, Amount, Amount, Amount | undefined][] = [
    ['Instances', amount(mine.instances), amount(used.instances), amount(quota.instances)],
    ['CPU', mine.cpu, used.cpu, amount(quota.cpu)],
    ['Memory', mine.memory, used.memory, amount(quota.memory)],
    ['Disk', mine.disk, used.disk, diskLimit(quota)],
    ...Object.entries(mine.other).map(([name, wanted]): [string, Amount, Amount, Amount] => [
      name,
      wanted,
      used.other[name] ?? ZERO,
      amount(quota.otherResources?.[name] ?? 0),
    ]),
  ];
  for (const [resource, wanted, taken, limit] of rows) {
    if (!limit || wanted.nano === 0n) continue;
    if (compare(sum([wanted, taken]), limit) > 0) return { resource, wanted, used: taken, limit };
  }
  return undefined;
}

/** No disk quota means no limit. */
function diskLimit({ disk }: WorkspaceQuota): Amount | undefined {
  if (disk === undefined) return undefined;
  const limit = amount(disk);
  return limit.nano === 0n ? undefined : limit;
}

/** The text that refuses a request: `quota exceeded: CPU (12 > 10)`. */
export function refusalText({ resource, wanted, used, limit }: Shortage): string {
  return `quota exceeded: ${resource} (${amountText(sum([wanted, used]))} > ${amountText(limit)})`;
}

/** The same for people who wait. */
export function waitingText({ resource, wanted, used, limit }: Shortage): string {
  if (resource === 'Instances') {
    const count = amountText(limit);
    return `This workspace allows ${count} ${count === '1' ? 'instance' : 'instances'} at a time, and ${amountText(used)} are in use. Stop or delete one.`;
  }
  const text = resource === 'Memory' || resource === 'Disk' ? bytesText : coresText;
  const what = { CPU: 'processor cores', Memory: 'memory', Disk: 'disk space' }[resource] ?? resource;
  const wish = resource === 'CPU' ? `${text(wanted)} ${what}` : `${text(wanted)} of ${what}`;
  return `Waiting for ${wish}: your workspace allows ${text(limit)} and ${text(used)} are in use. Stop or delete another instance.`;
}
