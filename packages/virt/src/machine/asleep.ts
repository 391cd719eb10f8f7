import { ANNOTATION } from '@crownlabs/api';
import { conditionOf } from '../conditions.ts';
import type { Guest, Machine } from '../kinds/kinds.ts';
import { strategyOf } from './plan.ts';

/** The condition that says whether the memory of a machine is kept. */
export const SUSPENDED = 'Suspended';

/** Whether a machine is nobody's, for others to go on from. */
export function isPrepared({ metadata }: Machine): boolean {
  return metadata.annotations?.[ANNOTATION.prepare] === 'true';
}

/**
 * Whether a machine should sleep. One that is switched off does not: nothing of it is to be remembered. One that others go on from does as soon as
 * it has come up, for ever.
 */
export function shouldSleep(machine: Machine, guest: Guest | undefined): boolean {
  const { annotations, deletionTimestamp } = machine.metadata;
  const isUp = isPrepared(machine) && (isAsleep(machine) || conditionOf(guest?.status, 'Ready')?.status === 'True');
  return (isUp || annotations?.[ANNOTATION.suspended] === 'true') && deletionTimestamp === undefined && strategyOf(machine) !== 'Halted';
}

/** Whether the memory of a machine is kept, for its next life. */
export function isAsleep(machine: Machine): boolean {
  return conditionOf(machine.status, SUSPENDED)?.status === 'True' && strategyOf(machine) !== 'Halted';
}
