import type { Finding } from '../../conditions.ts';
import type { EnvironmentFacts } from '../facts.ts';
import { isImporting } from './facts.ts';
import { isRestore } from './restore.ts';

/** What a machine says of itself that its owner is told as it is: whether the processor runs it, and whether it went on from a memory. */
const TOLD = ['Accelerated', 'InstantStart'];

/** What the machines of an instance say of themselves. Of several, the first that says no. */
export function toldByMachines(environments: readonly EnvironmentFacts[]): Finding[] {
  const said = environments.flatMap(({ machine }) => machine?.guest?.status?.conditions ?? []);
  return TOLD.flatMap((type) => {
    const [found] = said.filter((it) => it.type === type).toSorted((a, b) => (a.status < b.status ? -1 : 1));
    if (!found) return [];
    const { status, reason = type, message = '' } = found;
    return [{ type, status: status === 'True' ? ('True' as const) : ('False' as const), reason, message }];
  });
}

/** Whether a machine's disk is what it was in the snapshot that somebody wished to go back to. */
export function restored(environments: readonly EnvironmentFacts[]): Finding[] {
  const [machine] = environments.flatMap((it) => (it.machine?.restore ? [it.machine] : []));
  const { restore, disk } = machine ?? {};
  if (!restore) return [];
  if (!isRestore(restore)) return [{ type: 'Restored', status: 'False', reason: restore.reason, message: restore.message }];
  if (restore.done && !isImporting(disk)) {
    const message = `The disk is what it was in the snapshot ${restore.snapshot}, and what was written since.`;
    return [{ type: 'Restored', status: 'True', reason: 'Restored', message }];
  }
  const message = `The disk is put back to what it was in the snapshot ${restore.snapshot}.`;
  return [{ type: 'Restored', status: 'False', reason: 'Restoring', message }];
}
