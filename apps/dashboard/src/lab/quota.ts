import type { Instance } from './instance.ts';
import { isKept, stageOf } from './progress.ts';
import { type Environment, isMachine, type Template } from './template.ts';
import type { Quota } from './workspace.ts';

/** How much of something is in use. */
export type Usage = Quota;

/** Nothing in use. */
export const NOTHING: Usage = { cpu: 0, memory: 0, disk: 0, instances: 0 };

const ASPECTS = ['instances', 'cpu', 'memory', 'disk'] as const;

/** One thing that a quota limits. */
export type Aspect = (typeof ASPECTS)[number];

interface Hardware {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

function together(environments: readonly Environment[], of: (environment: Environment) => Omit<Hardware, 'disk'>): Hardware {
  const sum = (one: (environment: Environment) => number) => environments.reduce((total, environment) => total + one(environment), 0);
  return { cpu: sum((it) => of(it).cpu), memory: sum((it) => of(it).memory), disk: sum((it) => (it.persistent ? it.disk : 0)) };
}

/** What people find in an instance of a template: its cores and memory, and the disks that it keeps. */
export function hardwareOf({ environments }: Template): Hardware {
  return together(environments, (it) => it);
}

const needs = (environments: readonly Environment[]) => together(environments, limitsOf);

/** What a virtual machine takes beyond its guest, as the system counts it. */
const MACHINE = { cpu: 0.5, memory: 500e6 };

function limitsOf(environment: Environment): { cpu: number; memory: number } {
  const { cpu, memory } = environment;
  return isMachine(environment) ? { cpu: cpu + MACHINE.cpu, memory: memory + MACHINE.memory } : { cpu, memory };
}

/** What starting one instance of a template takes. */
export function costOf(template: Template): Usage {
  return { ...needs(template.environments), instances: 1 };
}

/** What a person has in use. An instance that is off takes its disks; one that is kept in memory for a while takes all. */
export function usageOf(instances: readonly Instance[], templates: readonly Template[]): Usage {
  const byName = new Map(templates.map((template) => [`${template.namespace}/${template.name}`, template]));
  return instances.reduce((usage, instance) => {
    const template = byName.get(`${instance.template.namespace}/${instance.template.name}`);
    const cost = template ? needs(template.environments) : NOTHING;
    const on = stageOf(instance) !== 'off' || isKept(instance);
    return {
      cpu: usage.cpu + (on ? cost.cpu : 0),
      memory: usage.memory + (on ? cost.memory : 0),
      disk: usage.disk + cost.disk,
      instances: usage.instances + (on ? 1 : 0),
    };
  }, NOTHING);
}

/** What is lacking for `cost`, one entry for each thing that would go over its limit. */
export function shortages(quota: Quota, used: Usage, cost: Usage): { aspect: Aspect; needed: number; free: number; limit: number }[] {
  return ASPECTS.flatMap((aspect) => {
    const [limit, needed] = [quota[aspect], cost[aspect]];
    const free = Math.max(limit - used[aspect], 0);
    // Sums of decimal fractions carry an error in the last place; a thousandth of a core is below what anyone may set.
    return limit > 0 && needed > free + 1e-4 ? [{ aspect, needed, free, limit }] : [];
  });
}
