import { ANNOTATION } from '@crownlabs/api';
import { conditionOf } from '../conditions.ts';
import type { Machine } from '../kinds/kinds.ts';
import { strategyOf } from './plan.ts';

/** The condition that says whether the memory of a machine is kept. */
export const SUSPENDED = 'Suspended';

/** Whether a machine should sleep. One that is switched off does not: nothing of it is to be remembered. */
export function shouldSleep(machine: Machine): boolean {
  const { annotations, deletionTimestamp } = machine.metadata;
  return annotations?.[ANNOTATION.suspended] === 'true' && deletionTimestamp === undefined && strategyOf(machine) !== 'Halted';
}

/** Whether the memory of a machine is kept, for its next life. */
export function isAsleep(machine: Machine): boolean {
  return conditionOf(machine.status, SUSPENDED)?.status === 'True' && strategyOf(machine) !== 'Halted';
}
