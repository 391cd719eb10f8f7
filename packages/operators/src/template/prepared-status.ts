import type { Template } from '@crownlabs/api';
import type { VirtualMachine } from '@crownlabs/client';
import type { Finding } from '../conditions.ts';

/** The machines that instances of a template go on from. */
export interface PreparedFacts {
  /** Whether the template asks for any. */
  readonly isWished: boolean;
  readonly machines: readonly VirtualMachine[];
}

/** Whether a template asks for instances that go on from a memory. */
export function wishesInstantStart({ spec }: Template): boolean {
  return spec.environmentList.some(({ instantStart }) => instantStart === true);
}

/** Whether instances of a template can go on from a memory by now. */
export function preparedFindings({ isWished, machines }: PreparedFacts): Finding[] {
  if (!isWished) return [];
  const no = (reason: string, message: string): Finding[] => [{ type: 'InstantStart', status: 'False', reason, message }];
  if (machines.length === 0) return no('NotSupported', 'Its machines boot: this system prepares no memory that they could go on from.');
  const failed = machines.find((it) => it.spec.running === false);
  if (failed)
    return no('NotPrepared', `Its machines boot: ${sleepOf(failed)?.message ?? 'what they should go on from could not be prepared.'}`);
  const isReady = machines.every((it) => sleepOf(it)?.status === 'True');
  return isReady
    ? [{ type: 'InstantStart', status: 'True', reason: 'Prepared', message: 'Its machines go on from a memory that was prepared.' }]
    : no('Preparing', 'A memory that its machines can go on from is being prepared: until then they boot.');
}

function sleepOf({ status }: VirtualMachine) {
  return status?.conditions?.find(({ type }) => type === 'Suspended');
}
